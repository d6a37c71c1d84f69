import { expect, it } from "vitest";
import { NOTHING } from "./document";
import { committed, isDirty, newRow, reconcile } from "./rows";

const up = { ...NOTHING, expr: "up" };
const rows = [{ ...newRow(up), draft: "up + 1" }, newRow({ ...NOTHING, expr: "node_load1" })];

it("a row that says the same keeps its editor and its draft", () => expect(reconcile(rows, [up])[0]).toMatchObject({ id: rows[0]?.id, draft: "up + 1" }));
it("a row with another query takes its text", () => expect(reconcile(rows, [{ ...NOTHING, expr: "down" }])[0]).toMatchObject({ id: rows[0]?.id, draft: "down" }));
it("a query without a row gets a new one", () => expect(new Set(reconcile(rows, [up, up, up]).map((row) => row.id)).size).toBe(3));
it("running makes every draft its query", () => expect(committed(rows).map((row) => row.query.expr)).toEqual(["up + 1", "node_load1"]));
it("only what differs waits to be run", () => expect([isDirty(rows), isDirty(committed(rows))]).toEqual([true, false]));
