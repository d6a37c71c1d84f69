import { useMemo } from "react";
import { useAddress } from "../../shell/address";
import { printDuration } from "../../time/duration";
import { lengthOf } from "../../time/range";
import { rateWindow, stepFor } from "../../time/step";
import { useTimeRange } from "../../time/useTimeRange";
import type { Variable } from "./dashboard";
import { useOffers } from "./store";
import { chosen, valueOf, written } from "./variables";

export interface Values {
  /** What stands for each variable, ready to be put between quotes. */
  text: Readonly<Record<string, string>>;
  /** False while it is not known yet what a variable offers. */
  known: boolean;
}

/** What expressions get in place of their variables now. */
export function useValues(variables: readonly Variable[]): Values {
  const { search } = useAddress();
  const { range } = useTimeRange();
  const offers = useOffers(variables);
  const known = offers.every((offer, at) => !offer.isPending || chosen(search, variables[at] as Variable) !== null);
  const chosenValues = variables.map((variable, at) => valueOf(variable, chosen(search, variable), offers[at]?.data ?? []));
  const key = JSON.stringify(chosenValues);
  const length = lengthOf(range);
  return useMemo(() => {
    const step = stepFor(length);
    const text: Record<string, string> = { __interval: `${step}s`, __rate_interval: rateWindow(step), __range: printDuration(length) };
    variables.forEach((variable, at) => {
      const value = (JSON.parse(key) as Array<string | null>)[at];
      text[variable.name] = value === null || value === undefined ? "" : written(value, variable);
    });
    return { text, known };
  }, [variables, key, length, known]);
}
