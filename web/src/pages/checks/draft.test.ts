import { describe, expect, it } from "vitest";
import type { Check } from "./check";
import { complaintAt, copyOf, definitionOf, draftOf, elsewhere, newDraft, ofType } from "./draft";
import { KINDS } from "./kinds";

const CHECK = {
  id: 7, name: "shop", type: "http", url: "https://shop.example.com/", enabled: true, interval: "30s", timeout: "10s", retries: 2, retry_interval: "1s", failures: 1, successes: 1,
  conditions: ["status == 200"], depends_on: ["net"], locations: [], quorum: 0, group: "Shop", tags: { team: "shop" }, description: "", runbook_url: "", trace: true, notify: false, severity: "warning",
  options: { method: "POST", headers: { "X-Api-Key": "***" }, body: "{}", auth: { type: "basic", username: "ann", password: "***" }, follow_redirects: false, max_redirects: 3, accepted: ["2xx"], version: "auto", tls: { verify: false, ca_file: "", cert_file: "", key_file: "", server_name: "a" }, certificate_days: 0, max_body: "1MiB", proxy: "", ip_version: "4" },
} as unknown as Check;

describe("a check as it is written", () => {
  it("comes back as it was", () => {
    const { id: _, ...said } = CHECK;
    const sent = definitionOf(draftOf(CHECK));
    for (const [name, value] of Object.entries(sent)) if (name !== "options") expect(value).toEqual(said[name]);
    for (const [name, value] of Object.entries(sent.options as object)) expect(value).toEqual(CHECK.options[name]);
    expect(sent.options).toMatchObject({ certificate_days: 0, follow_redirects: false, auth: { type: "basic", username: "ann", password: "***" }, tls: { verify: false, server_name: "a" } });
  });

  it("leaves out what is empty, and sends what is no number as it is", () => {
    const draft = newDraft();
    draft.own.retries = "two";
    draft.own.timeout = " ";
    const sent = definitionOf(draft);
    expect(sent).toMatchObject({ type: "http", retries: "two", failures: 1 });
    expect(sent).not.toHaveProperty("timeout");
    expect(sent).not.toHaveProperty("name");
  });

  it.each(KINDS.map((kind) => kind.type))("begins as %s with what every check has", (type) => {
    const draft = ofType({ ...newDraft(), own: { ...newDraft().own, name: "shop", url: "x" } }, type);
    const sent = definitionOf(draft);
    expect(sent).toMatchObject({ type, name: "shop", interval: "1m" });
    expect(Object.keys(sent.options as object).every((name) => KINDS.find((kind) => kind.type === type)?.fields.some((field) => field.name === name))).toBe(true);
  });

  it("says nothing of TLS where there may be none", () => {
    expect(definitionOf(newDraft("redis")).options).not.toHaveProperty("tls");
    expect(definitionOf(newDraft("tls")).options).toMatchObject({ tls: { verify: true } });
  });

  it("is copied under a free name, and a heartbeat without its secret", () => {
    expect(copyOf(CHECK, new Set(["shop", "shop 2"])).own.name).toBe("shop 3");
    const beat = { ...CHECK, type: "heartbeat", options: { period: "1d", grace: "1h", token: "***" } } as unknown as Check;
    expect(definitionOf(copyOf(beat, new Set())).options).not.toHaveProperty("token");
  });
});

describe("what the server has against it", () => {
  const errors = [
    { code: "field_invalid", field: "options.tls.ca_file", error: "options.tls.ca_file: is not there" },
    { code: "field_invalid", field: "conditions[1]", error: "conditions[1]: 'statu' is not known" },
    { code: "conflict", field: "", error: "a check depends on itself" },
  ];

  it("stands at its field", () => {
    expect(complaintAt(errors, "options.tls")).toBe("ca_file: is not there");
    expect(complaintAt(errors, "conditions[1]")).toBe("'statu' is not known");
    expect(complaintAt(errors, "conditions[0]")).toBeNull();
    expect(complaintAt(errors, "options.t")).toBeNull();
  });

  it("is told of the whole where there is no field", () => {
    expect(elsewhere(errors, newDraft()).map((one) => one.code)).toEqual(["conflict"]);
  });
});
