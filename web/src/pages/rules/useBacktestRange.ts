import { useEffect } from "react";
import { navigate, readAddress, withSearch } from "../../shell/address";
import { writeRange } from "../../time/range";

/** A quarter of an hour says little of a rule: where the address names no time, a day is looked at. */
const DAY = 86_400;

export function useBacktestRange(): void {
  useEffect(() => {
    const { search } = readAddress();
    if (search.has("range") || search.has("from")) return;
    const range = { kind: "last", seconds: DAY, live: search.get("live") !== "0" } as const;
    navigate(withSearch(location.pathname, writeRange(search, range)), { replace: true });
  }, []);
}
