import { expect, it } from "vitest";
import { MOST_QUERIES, NOTHING, readDocument, writeDocument, type ExploreDocument } from "./document";

const read = (text: string): ExploreDocument => readDocument(new URLSearchParams(text));
const FULL: ExploreDocument = {
  queries: [
    { expr: 'rate(x{a="b&c"}[5m])', legend: "", hidden: false },
    { expr: "up +\n 1", legend: "{{job}}", hidden: true },
    { expr: "", legend: "", hidden: false },
  ],
  unit: "bytes", stacked: true, logarithmic: false, step: 90, view: "both", browse: "up",
};

it("a document survives its address", () => expect(readDocument(writeDocument(new URLSearchParams(), FULL))).toEqual(FULL));
it("an empty address is one empty query", () => expect(read("").queries).toEqual([NOTHING]));
it("the default leaves nothing in the address", () => expect(writeDocument(new URLSearchParams(), read("")).toString()).toBe(""));
it("the time range stays", () => expect(writeDocument(new URLSearchParams("q=old&range=1h"), { ...read(""), queries: [{ ...NOTHING, expr: "up" }] }).toString()).toBe("q=up&range=1h"));
it("what cannot be read means the default", () => expect(read("unit=parsec&step=fast&view=3d&hide=x&log=yes")).toEqual(read("")));
it("a stack has no logarithm", () => expect(read("stack=1&log=1")).toMatchObject({ stacked: false, logarithmic: true }));
it("queries beyond the limit are left out", () => expect(read("q=up&".repeat(MOST_QUERIES + 5)).queries).toHaveLength(MOST_QUERIES));
