import { expect, it } from "vitest";
import { fingerprintOf } from "./fingerprint";

it("is what Alertmanager's API calls an alert by", () => {
  expect(fingerprintOf({ instance: "hafen-ü", alertname: "Hot" })).toBe("87a57f441249b282");
  expect(fingerprintOf({})).toBe("cbf29ce484222325");
});
