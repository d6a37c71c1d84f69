import { describe, expect, it } from "vitest";
import type { Entry } from "../../uptime/incident";
import { textOf, titleOf } from "./entryWords";

const entry = (part: Partial<Entry>): Entry => ({ at: "", kind: "update", text: "t", who: "", public: false, status: "", ...part });

describe("titleOf", () => {
  it.each([
    [{ kind: "opened" }, "Opened"],
    [{ kind: "opened", who: "ada" }, "Written by ada"],
    [{ kind: "acknowledged", who: "ada" }, "Acknowledged by ada"],
    [{ kind: "assigned", text: "grace", who: "ada" }, "Assigned to grace by ada"],
    [{ kind: "update", status: "monitoring", who: "ada" }, "Monitoring, ada"],
    [{ kind: "update" }, "Update"],
    [{ kind: "post_mortem", text: "removed", who: "ada" }, "Post-mortem removed by ada"],
    [{ kind: "resolved" }, "Over"],
    [{ kind: "resolved", who: "ada" }, "Over, ended by ada"],
  ] as const)("says %j", (part, said) => expect(titleOf(entry(part))).toBe(said));
});

describe("textOf", () => {
  it("repeats nothing that the title says", () => expect([entry({ kind: "assigned" }), entry({ kind: "opened", who: "ada" }), entry({ kind: "post_mortem" })].map(textOf)).toEqual(["", "", ""]));
  it("is what was said", () => expect(textOf(entry({}))).toBe("t"));
});
