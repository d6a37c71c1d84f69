import { STATUS_WORDS, type Entry } from "../../uptime/incident";

/** What happened, and by whom where it was somebody. */
export function titleOf({ kind, text, who, status }: Entry): string {
  const by = who ? ` by ${who}` : "";
  switch (kind) {
    case "opened":
      return who ? `Written${by}` : "Opened";
    case "transition":
      return "Changed";
    case "notice":
      return "Notice";
    case "acknowledged":
      return `Acknowledged${by}`;
    case "assigned":
      return `Assigned to ${text || "nobody"}${by}`;
    case "update":
      return `${status === "" ? "Update" : STATUS_WORDS[status]}${who ? `, ${who}` : ""}`;
    case "post_mortem":
      return `Post-mortem ${text || "written"}${by}`;
    case "resolved":
      return `Over${who ? `, ended${by}` : ""}`;
    case "reopened":
      return `Open again${by}`;
  }
}

/** What the title does not say already. */
export const textOf = ({ kind, text, who }: Entry): string => (kind === "assigned" || kind === "post_mortem" || (kind === "opened" && who !== "") ? "" : text);
