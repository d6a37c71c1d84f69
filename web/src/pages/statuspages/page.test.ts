import { describe, expect, it } from "vitest";
import type { NamedCheck } from "../../uptime/useCheckNames";
import { EMPTY_GROUP, moved, newPage, placed, problemsOf, readTags, slugOf, snippetsOf, wholeOf, writeTags, type ToldPage, type WrittenPage } from "./page";

const page = (part: Partial<WrittenPage> = {}): WrittenPage => ({ ...newPage("UTC"), slug: "acme", title: "Acme", ...part });
const CHECKS: NamedCheck[] = [{ id: 1, name: "api", group: "shop", tags: { team: "web" } }, { id: 2, name: "db", group: "data", tags: { team: "db" } }, { id: 3, name: "shop", group: "shop", tags: {} }];
const names = (...groups: Array<Partial<typeof EMPTY_GROUP>>): string[][] => placed(groups.map((one) => ({ ...EMPTY_GROUP, ...one })), CHECKS).map((its) => its.map((one) => one.name));

describe("slugOf", () => {
  it("makes an address of a title", () => expect(slugOf("Acme & Söhne, Web-Shop")).toBe("acme-sohne-web-shop"));
  it("has no hyphens at its ends", () => expect(slugOf(" (Status) ")).toBe("status"));
});

describe("wholeOf", () => {
  const told = (notify_after: string): ToldPage => ({ ...page(), groups: [{ checks: ["api"] }], notify_after, version: 1, path: "/status/acme" });
  it("reads times as the API writes them", () => expect(["2m", "1m30s", "0s", "1h", "1s500ms"].map((text) => wholeOf(told(text)).notify_after)).toEqual([120_000, 90_000, 0, 3_600_000, 1_500]));
  it("gives a page that can be saved again", () => expect(problemsOf(wholeOf(told("2m")))).toEqual({}));
});

describe("placed", () => {
  it("shows what is named first, in its order", () => expect(names({ checks: ["shop", "api"], groups: ["*"] })).toEqual([["shop", "api", "db"]]));
  it("shows a check once, where it is first taken", () => expect(names({ groups: ["shop"] }, { groups: ["*"] })).toEqual([["api", "shop"], ["db"]]));
  it("wants all tags, and of those groups", () => expect(names({ tags: { team: "web" } }, { groups: ["shop"], tags: { team: "db" } })).toEqual([["api"], []]));
  it("leaves out names of nothing", () => expect(names({ checks: ["gone"] })).toEqual([[]]));
});

describe("problemsOf", () => {
  it("finds none in a page that can be", () => expect(problemsOf(page())).toEqual({}));
  it("says each", () => expect(Object.keys(problemsOf(page({ slug: "-a", title: " ", groups: [EMPTY_GROUP], accent: "red", link: "acme.org", notify_after: -1 })))).toEqual(["title", "slug", "groups", "accent", "link", "notify_after"]));
});

describe("tags", () => {
  it("are written and read", () => expect(readTags(writeTags({ team: "web", url: "a:b" }))).toEqual({ team: "web", url: "a:b" }));
  it("may have no value", () => expect(readTags(["team"])).toEqual({ team: "" }));
});

describe("moved", () => {
  it("goes up and down", () => {
    expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], 1, 1)).toEqual(["a", "c", "b"]);
  });
});

describe("snippetsOf", () => {
  const { markdown, html } = snippetsOf("https://s.example.org", "/status/acme", { id: 7, name: 'a "b" [c]' }, "uptime/30d");
  it("writes Markdown", () => expect(markdown).toBe('[![a "b" c](https://s.example.org/badge/7/uptime/30d.svg)](https://s.example.org/status/acme)'));
  it("writes HTML", () => expect(html).toBe('<a href="https://s.example.org/status/acme"><img src="https://s.example.org/badge/7/uptime/30d.svg" alt="a &quot;b&quot; [c]"></a>'));
});
