import { useMemo } from "react";
import { navigate, useAddress, withSearch } from "../../shell/address";
import type { Variable } from "./dashboard";
import { useOffers } from "./store";
import { ALL, choose, chosen, valueOf } from "./variables";
import styles from "./Variables.module.css";

/** The choices at the top of a dashboard; each stands in the address. */
export function Variables({ variables }: { variables: readonly Variable[] }) {
  if (variables.length === 0) return null;
  return (
    <div className={styles.row}>
      {variables.map((variable) => <Choice key={variable.name} variable={variable} />)}
    </div>
  );
}

function Choice({ variable }: { variable: Variable }) {
  const { search } = useAddress();
  const [offer] = useOffers([variable]);
  const { data, error } = offer ?? {};
  const value = valueOf(variable, chosen(search, variable), data ?? []);
  const options = useMemo(() => (data && value !== null && value !== ALL && !data.includes(value) ? [value, ...data] : (data ?? (value && value !== ALL ? [value] : []))), [data, value]);
  const title = variable.title || variable.name;
  return (
    <label className={styles.choice}>
      <span>{title}</span>
      <select value={value ?? ""} disabled={options.length === 0} onChange={(event) => navigate(withSearch(location.pathname, choose(search, variable, event.currentTarget.value)))}>
        {variable.all && <option value={ALL}>All</option>}
        {options.length === 0 && <option value="">{error ? "Not known" : "None yet"}</option>}
        {options.map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
    </label>
  );
}
