import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { Banner } from "../../parts/Banner";
import { visit } from "../../shell/address";
import type { Check } from "./check";
import styles from "./Deletion.module.css";
import { remove } from "./store";

/** Deleting asks by name: what a check found goes with it in time. */
export function Deletion({ check, onKeep }: { check: Check; onKeep: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Error | null>(null);
  const go = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (name.trim() !== check.name) return;
    setBusy(true);
    try {
      await remove(check.id);
      visit("/checks");
      client.removeQueries({ queryKey: ["checks", "one", check.id] });
      await client.invalidateQueries({ queryKey: ["checks", "all"] });
    } catch (reason) {
      setFailure(reason instanceof Error ? reason : new Error(String(reason)));
      setBusy(false);
    }
  };
  return (
    <div className={styles.place}>
      <Banner question="Delete check">
        <form className={styles.form} onSubmit={(event) => void go(event)}>
          <p>Its incident, its alert and its series end, and it does not come back. To stop probing for a while, pause it.</p>
          <TextInput label={`To delete it, write its name: ${check.name}`} value={name} autoFocus autoComplete="off" onChange={(event) => setName(event.currentTarget.value)} />
          {failure && <p className={styles.error}>{failure.message}</p>}
          <div className={styles.actions}>
            <Button type="submit" color="red" variant="outline" size="xs" loading={busy} disabled={name.trim() !== check.name}>Delete</Button>
            <Button variant="default" size="xs" onClick={onKeep}>Keep it</Button>
          </div>
        </form>
      </Banner>
    </div>
  );
}
