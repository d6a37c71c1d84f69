import { expect, it } from "vitest";
import type { InstantResult } from "../../api/responses";
import { filterRows, sortRows, tableOf, toCsv, toJson } from "./table";

const vector: InstantResult = {
  resultType: "vector",
  result: [
    { metric: { __name__: "up", job: "node", instance: "web-10" }, value: [10, "NaN"] },
    { metric: { __name__: "up", job: "node", instance: "web-2" }, value: [10, "+Inf"] },
    { metric: { __name__: "up", job: "node", instance: "web-1" }, value: [10, "-3"] },
  ],
};
const { rows } = tableOf([{ mark: "A", result: vector }]);
const instances = (some: typeof rows | readonly (typeof rows)[number][]): Array<string | undefined> => some.map((row) => row.labels.instance);

it("only labels that differ get a column", () => {
  const { columns, shared, timed, marked } = tableOf([{ mark: "A", result: vector }]);
  expect({ columns, shared, timed, marked }).toEqual({ columns: ["instance"], shared: { __name__: "up", job: "node" }, timed: false, marked: false });
});
it("a scalar is one row without labels", () =>
  expect(tableOf([{ mark: "A", result: { resultType: "scalar", result: [1, "42"] } }]).rows).toEqual([{ mark: "A", labels: {}, time: 1, value: "42" }]));
it("a range of samples is a row for each", () =>
  expect(tableOf([{ mark: "A", result: { resultType: "matrix", result: [{ metric: { a: "b" }, values: [[1, "1"], [2, "2"]] }] } }])).toMatchObject({ timed: true, rows: [{ time: 1 }, { time: 2 }] }));
it("values sort as numbers, and what is none comes last either way", () => {
  expect(instances(sortRows(rows, { by: "value", down: true }))).toEqual(["web-2", "web-1", "web-10"]);
  expect(instances(sortRows(rows, { by: "value", down: false }))).toEqual(["web-1", "web-2", "web-10"]);
});
it("labels sort with their numbers as numbers", () => expect(instances(sortRows(rows, { by: { label: "instance" }, down: false }))).toEqual(["web-1", "web-2", "web-10"]));
it("every word of the filter must occur", () => {
  expect(instances(filterRows(rows, "JOB=node web-1"))).toEqual(["web-10", "web-1"]);
  expect(filterRows(rows, "web-1 nowhere")).toEqual([]);
});
it("CSV quotes what needs it", () =>
  expect(toCsv([{ mark: "A", labels: { a: 'x,"y"' }, time: 0, value: "1" }])).toBe('a,time,value\r\n"x,""y""",1970-01-01T00:00:00.000Z,1\r\n'));
it("JSON keeps labels apart", () => expect(JSON.parse(toJson([{ mark: "A", labels: { a: "b" }, time: 0, value: "1" }]))).toEqual([{ labels: { a: "b" }, time: "1970-01-01T00:00:00.000Z", value: "1" }]));
