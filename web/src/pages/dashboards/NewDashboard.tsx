import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { hrefOf, navigate, readAddress, visit, withSearch } from "../../shell/address";
import { freeName, nameFrom, NEW_PANEL } from "./dashboard";
import styles from "./NewDashboard.module.css";
import { save, useListing } from "./store";

/** A title is all that a dashboard needs to begin. */
export function NewDashboard() {
  const client = useQueryClient();
  const taken = new Set(useListing().data?.dashboards.map((one) => one.name));
  const [title, setTitle] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const name = freeName(nameFrom(title), taken);
  const create = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      const first = { ...NEW_PANEL, title: "CPU in use", unit: "percent" as const, width: 12, queries: [{ expr: '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval])))', legend: "{{instance}}" }] };
      await save({ name, title: title.trim(), description: "", range: "", variables: [], panels: [first] }, 0);
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      navigate(withSearch(hrefOf(`/dashboards/${name}`, new URLSearchParams()), new URLSearchParams([...readAddress().search, ["edit", "1"]])), { replace: true });
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure));
      setBusy(false);
    }
  };
  return (
    <form className={styles.form} onSubmit={(event) => void create(event)}>
      <h1>New dashboard</h1>
      <TextInput label="Title" description={title.trim() ? `Its address will end in /dashboards/${name}` : "What the page shows, such as “Web shop”"} value={title} error={problem} autoFocus onChange={(event) => setTitle(event.currentTarget.value)} />
      <div className={styles.actions}>
        <Button type="submit" disabled={!nameFrom(title)} loading={busy}>Create</Button>
        <Button variant="default" onClick={() => visit("/dashboards")}>Cancel</Button>
      </div>
      <p className={styles.hint}>It begins with one panel, the CPU of your hosts, to change or remove.</p>
    </form>
  );
}
