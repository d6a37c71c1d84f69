import { describe, expect, it } from "vitest";
import { freeName, moved, nameFrom, type Variable } from "./dashboard";
import { ALL, choose, chosen, substitute, valueOf, written } from "./variables";

const HOST: Variable = { name: "instance", metric: "up", label: "instance", title: "", all: false };
const ANY: Variable = { ...HOST, all: true };

describe("variables", () => {
  it("stand in expressions with and without braces", () =>
    expect(substitute('a{x="$instance",y="${instance}-1"}[$__interval]', { instance: "web", __interval: "30s" })).toBe('a{x="web",y="web-1"}[30s]'));
  it("without a value stay as they are", () => expect(substitute("a $b", {})).toBe("a $b"));
  it("are quoted for PromQL", () => expect(written('a"b\\c', HOST)).toBe('a\\"b\\\\c'));
  it("that may be all are regular expressions", () => {
    expect(written("10.0.0.1:9100", ANY)).toBe("10\\\\.0\\\\.0\\\\.1:9100");
    expect(written(ALL, ANY)).toBe(".*");
  });
  it("keep to the address while it is offered", () => {
    const search = choose(new URLSearchParams("range=1h"), HOST, "b");
    expect(search.toString()).toBe("range=1h&var-instance=b");
    expect(valueOf(HOST, chosen(search, HOST), ["a", "b"])).toBe("b");
    expect(valueOf(HOST, "gone", ["a", "b"])).toBe("a");
    expect(valueOf(ANY, "gone", ["a", "b"])).toBe(ALL);
    expect(valueOf(HOST, null, [])).toBeNull();
  });
});

describe("names", () => {
  it("are made from titles", () => expect(nameFrom("  Wéb & API (prod) ")).toBe("web-api-prod"));
  it("differ from those there are", () => expect(freeName("a", new Set(["a", "a-2"]))).toBe("a-3"));
});

it("moves an item and keeps the others' order", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a"], 0, -1)).toEqual(["a"]);
});
