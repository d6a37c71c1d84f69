import { describe, expect, it } from "vitest";
import { causesOf, lasts, rangeOf, sayCause, type Incident } from "./incident";

const incident = (id: number, parts: Partial<Incident> = {}): Incident => ({
  id, check: id, kind: "down", title: `${id}`, details: "", cause: "", started_at: new Date(id * 1000).toISOString(), ended_at: null,
  part_of: null, assignee: "", acknowledged_at: null, post_mortem: "", public: true, trace_ids: [], version: 1, ...parts,
});
const ENDED = { ended_at: new Date(99_000).toISOString() };
const ids = (incidents: Incident[]): Array<[number, number[]]> => causesOf(incidents).map(({ root, parts }) => [root.id, parts.map((one) => one.id)]);

describe("causesOf", () => {
  it("puts what follows beneath what it follows from, in order of time", () => expect(ids([incident(4, { part_of: 1 }), incident(3, { part_of: 1 }), incident(2), incident(1)])).toEqual([[1, [3, 4]], [2, []]]));
  it("follows parts of parts to the first", () => expect(ids([incident(3, { part_of: 2 }), incident(2, { part_of: 1 }), incident(1)])).toEqual([[1, [2, 3]]]));
  it("lets a part whose root is on another page stand for itself", () => expect(ids([incident(9, { part_of: 1 })])).toEqual([[9, []]]));
  it("puts what lasts first, though it began before what is over", () => expect(ids([incident(3, ENDED), incident(2), incident(1, ENDED)])).toEqual([[2, []], [3, []], [1, []]]));
  it("takes a cause for lasting while any of it does", () => expect(causesOf([incident(2, { part_of: 1 }), incident(1, ENDED)]).map(lasts)).toEqual([true]));
  it("shows once what two answers have", () => expect(ids([incident(1), incident(1)])).toEqual([[1, []]]));
  it("ends where incidents follow from each other", () => expect(causesOf([incident(1, { part_of: 2 }), incident(2, { part_of: 1 })]).length).toBe(2));
});

describe("sayCause", () => {
  it("says the reason and what it is about", () => expect(sayCause("connection_refused 127.0.0.1")).toBe("Connection refused: 127.0.0.1"));
  it("says nothing of nothing", () => expect(sayCause("")).toBe(""));
});

describe("rangeOf", () => {
  it("is the time of the incident with some around", () => expect(rangeOf(incident(1000, { ended_at: new Date(1400_000).toISOString() }), 5000)).toEqual({ from: 900, to: 1500 }));
  it("ends now while it lasts", () => expect(rangeOf(incident(1000), 1010)).toEqual({ from: 940, to: 1010 }));
});
