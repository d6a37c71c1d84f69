import { PasswordInput, Textarea, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import fields from "../../parts/Fields.module.css";
import { Select } from "../../parts/Select";
import { Tokens } from "../../parts/Tokens";
import { CHANNELS, MASKED, SPANS, type Shows, type WrittenPage } from "./page";
import styles from "./PageEditor.module.css";

interface FieldsProps {
  page: WrittenPage;
  problems: Partial<Record<keyof WrittenPage, string>>;
  set: (part: Partial<WrittenPage>) => void;
}

const SWITCHES: ReadonlyArray<readonly ["uptime" | "bars" | "latency" | "maintenance", string]> = [["uptime", "Uptime as a figure"], ["bars", "A bar for every day"], ["latency", "Latency"], ["maintenance", "Maintenance that is planned"]];

/** With one of a few, or without it; in the order of all. */
const switched = <T,>(all: readonly T[], chosen: readonly T[], one: T, on: boolean): T[] => all.filter((each) => (each === one ? on : chosen.includes(each)));

/** A number as people write it; what is none is none. */
const numberOf = (text: string): number => (/^\d+$/.test(text.trim()) ? Number(text) : Number.NaN);
const textOf = (value: number): string => (Number.isNaN(value) ? "" : String(value));

/** What is shown of checks. */
export function ShownFields({ page, problems, set }: FieldsProps) {
  const zones = useId();
  const show = (part: Partial<Shows>): void => set({ shows: { ...page.shows, ...part } });
  return (
    <section className={styles.part}>
      <h2>What is shown</h2>
      <div className={styles.checks}>
        {SWITCHES.map(([name, word]) => <label key={name} className={fields.checkbox}><input type="checkbox" checked={page.shows[name]} onChange={(event) => show({ [name]: event.currentTarget.checked })} /> {word}</label>)}
      </div>
      {page.shows.uptime && (
        <div className={styles.checks} role="group" aria-label="Uptime of the last">
          <span className={styles.quiet}>Uptime of the last</span>
          {SPANS.map((one) => <label key={one} className={fields.checkbox}><input type="checkbox" checked={page.shows.windows.includes(one)} onChange={(event) => show({ windows: switched(SPANS, page.shows.windows, one, event.currentTarget.checked) })} /> {one}</label>)}
        </div>
      )}
      <div className={styles.pair}>
        <TextInput label="Past incidents, days" inputMode="numeric" value={textOf(page.shows.incidents)} error={problems.shows} onChange={(event) => show({ incidents: numberOf(event.currentTarget.value) })} />
        <TextInput label="Time zone of the days" placeholder="UTC" list={zones} value={page.timezone} spellCheck={false} onChange={(event) => set({ timezone: event.currentTarget.value })} />
        <datalist id={zones}>{["UTC", ...Intl.supportedValuesOf("timeZone")].map((one) => <option key={one} value={one} />)}</datalist>
      </div>
      <div><Select label="Time of which nobody knows" labelled value={page.unknown} options={[["ignore", "is left out"], ["up", "counts as up"], ["down", "counts as down"]]} onChange={(value) => set({ unknown: value as WrittenPage["unknown"] })} /></div>
    </section>
  );
}

/** How it looks. */
export function LookFields({ page, problems, set }: FieldsProps) {
  return (
    <section className={styles.part}>
      <h2>Look</h2>
      <div className={styles.pair}>
        <TextInput label="Accent colour" placeholder="#1f5fbf" value={page.accent} error={problems.accent} spellCheck={false} rightSection={<span className={styles.swatch} style={{ background: problems.accent ? undefined : page.accent || undefined }} />} onChange={(event) => set({ accent: event.currentTarget.value.trim() })} />
        <TextInput label="Link to you" placeholder="https://acme.example.org" value={page.link} error={problems.link} spellCheck={false} onChange={(event) => set({ link: event.currentTarget.value.trim() })} />
      </div>
      <Textarea label="Footer" placeholder="How to reach you, imprint" autosize minRows={1} maxRows={8} value={page.footer} onChange={(event) => set({ footer: event.currentTarget.value })} />
      <div><Select label="Theme" labelled value={page.theme} options={[["auto", "as the reader's system"], ["light", "always light"], ["dark", "always dark"]]} onChange={(value) => set({ theme: value as WrittenPage["theme"] })} /></div>
    </section>
  );
}

/** Who reads it, where, and how readers are told. */
export function ReachFields({ page, problems, set }: FieldsProps) {
  return (
    <section className={styles.part}>
      <h2>Readers</h2>
      <Password password={page.password} onChange={(password) => set({ password })} />
      <Tokens label="Domains" placeholder="status.example.org" values={page.domains} onChange={(domains) => set({ domains })} />
      {page.domains.length > 0 && <p className={styles.quiet}>Let the name lead to this server: under it the page is the root of the site.</p>}
      <div className={styles.checks} role="group" aria-label="Readers may be told by">
        <span className={styles.quiet}>Readers may be told by</span>
        {CHANNELS.map(([channel, word]) => <label key={channel} className={fields.checkbox}><input type="checkbox" checked={page.subscribe.includes(channel)} onChange={(event) => set({ subscribe: switched(CHANNELS.map(([one]) => one), page.subscribe, channel, event.currentTarget.checked) })} /> {word}</label>)}
      </div>
      <div className={styles.pair}>
        <TextInput label="They are told after, minutes" inputMode="decimal" value={textOf(page.notify_after / 60_000)} error={problems.notify_after} onChange={(event) => set({ notify_after: Math.round(numberOf(event.currentTarget.value) * 60_000) })} />
      </div>
    </section>
  );
}

/** A password stays as it is, without being shown, until another is written or none is wanted. */
function Password({ password, onChange }: { password: string; onChange: (password: string) => void }) {
  const [asks, setAsks] = useState(password !== "");
  const [kept] = useState(password === MASKED);
  return (
    <>
      <label className={fields.checkbox}><input type="checkbox" checked={asks} onChange={(event) => { setAsks(event.currentTarget.checked); onChange(event.currentTarget.checked && kept ? MASKED : ""); }} /> Only with a password</label>
      {asks && <PasswordInput label="Password" placeholder={kept ? "As it is" : "For all readers"} value={password === MASKED ? "" : password} autoComplete="new-password" onChange={(event) => onChange(event.currentTarget.value || (kept ? MASKED : ""))} />}
      {asks && password === "" && <p className={styles.quiet}>Without one everybody can read it.</p>}
    </>
  );
}
