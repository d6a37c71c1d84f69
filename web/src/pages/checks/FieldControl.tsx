import { Button } from "@mantine/core";
import { useId, type ReactNode } from "react";
import fields from "../../parts/Fields.module.css";
import { Removal } from "../../parts/Removal";
import styles from "./Fields.module.css";
import type { Auth, Pair, Step, Tls, Value } from "./draft";
import type { Field } from "./kinds";

interface FieldControlProps {
  field: Field;
  value: Value | undefined;
  error: string | null;
  onChange: (value: Value) => void;
}

/** The control that a field's shape asks for, with what it is for or what is wrong below it. */
export function FieldControl({ field, value, error, onChange }: FieldControlProps) {
  const { label, hint, shape, placeholder } = field;
  switch (shape) {
    case "switch":
      return <Switch label={label} checked={value === true} error={error} onChange={onChange} />;
    case "choice":
      return (
        <Labelled label={label} hint={hint} error={error}>
          {(id, described) => (
            <select id={id} {...described} value={String(value ?? "")} onChange={(event) => onChange(event.currentTarget.value)}>
              {[...choicesWith(field, String(value ?? ""))].map(([one, words]) => <option key={one} value={one}>{words}</option>)}
            </select>
          )}
        </Labelled>
      );
    case "long":
    case "list":
      return (
        <Labelled label={label} hint={hint} error={error} wide>
          {(id, described) => (
            <textarea id={id} {...described} rows={shape === "long" ? 2 : 1} spellCheck={false} placeholder={placeholder} value={shape === "list" ? ((value ?? []) as string[]).join("\n") : String(value ?? "")} onChange={(event) => onChange(shape === "list" ? event.currentTarget.value.split("\n") : event.currentTarget.value)} />
          )}
        </Labelled>
      );
    case "pairs":
      return <Pairs label={label} hint={hint} error={error} pairs={(value ?? []) as Pair[]} onChange={onChange} />;
    case "talk":
      return <Talk label={label} hint={hint} error={error} steps={(value ?? []) as Step[]} onChange={onChange} />;
    case "auth":
      return <Authentication label={label} error={error} auth={value as Auth} onChange={onChange} />;
    case "tls":
      return <Trust optional={field.optional ?? false} error={error} tls={value as Tls} onChange={onChange} />;
    default:
      return <Text label={label} hint={hint} error={error} placeholder={placeholder} isNumber={shape === "number"} isSecret={shape === "secret"} value={String(value ?? "")} onChange={onChange} />;
  }
}

/** What the server has may be none of those that are offered. */
const choicesWith = ({ choices = [] }: Field, value: string): ReadonlyArray<readonly [string, string]> => (choices.some(([one]) => one === value) ? choices : [...choices, [value, value]]);

interface TextProps {
  label: string;
  hint?: string | undefined;
  error?: string | null;
  placeholder?: string | undefined;
  isNumber?: boolean;
  isSecret?: boolean;
  value: string;
  onChange: (value: string) => void;
}

function Text({ label, hint, error = null, placeholder, isNumber, isSecret, value, onChange }: TextProps) {
  return (
    <Labelled label={label} hint={isSecret && value === "***" ? "*** keeps what is stored" : hint} error={error}>
      {(id, described) => (
        <input id={id} {...described} type={isSecret && value !== "***" ? "password" : "text"} inputMode={isNumber ? "numeric" : undefined} autoComplete={isSecret ? "new-password" : "off"} spellCheck={false} placeholder={placeholder} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
      )}
    </Labelled>
  );
}

interface Described {
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface LabelledProps {
  label: string;
  hint?: string | undefined;
  error?: string | null;
  wide?: boolean;
  children: (id: string, described: Described) => ReactNode;
}

/** A label, a control, and below it what is wrong, or else what it is for. */
export function Labelled({ label, hint, error, wide, children }: LabelledProps) {
  const id = useId();
  const described: Described = { ...(error || hint ? { "aria-describedby": `${id}-said` } : {}), ...(error ? { "aria-invalid": true as const } : {}) };
  return (
    <div className={`${fields.field} ${styles.field}`} data-wide={wide || undefined}>
      <label htmlFor={id}>{label}</label>
      {children(id, described)}
      {error ? <p id={`${id}-said`} className={fields.error}>{error}</p> : hint && <p id={`${id}-said`} className={fields.hint}>{hint}</p>}
    </div>
  );
}

function Switch({ label, checked, error, onChange }: { label: string; checked: boolean; error?: string | null; onChange: (checked: boolean) => void }) {
  return (
    <div className={styles.switch}>
      <label><input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} /> {label}</label>
      {error && <p className={fields.error}>{error}</p>}
    </div>
  );
}

interface GroupProps {
  label: string;
  hint?: string | undefined;
  error: string | null;
}

function Pairs({ label, hint, error, pairs, onChange }: GroupProps & { pairs: readonly Pair[]; onChange: (pairs: Pair[]) => void }) {
  const set = (at: number, part: Partial<Pair>): void => onChange(pairs.map((pair, i) => (i === at ? { ...pair, ...part } : pair)));
  return (
    <div className={`${fields.field} ${styles.field}`} data-wide role="group" aria-label={label}>
      <span className={fields.label}>{label}</span>
      {pairs.map((pair, at) => (
        <div key={at} className={fields.pair}>
          <input aria-label={`${label}: name ${at + 1}`} placeholder="name" spellCheck={false} value={pair.name} onChange={(event) => set(at, { name: event.currentTarget.value })} />
          <input aria-label={`${label}: ${pair.name || `value ${at + 1}`}`} placeholder="value" spellCheck={false} value={pair.value} onChange={(event) => set(at, { value: event.currentTarget.value })} />
          <Removal label={`Remove ${pair.name || `${label.toLowerCase()} ${at + 1}`}`} onClick={() => onChange(pairs.filter((_, i) => i !== at))} />
        </div>
      ))}
      {error ? <p className={fields.error}>{error}</p> : hint && <p className={fields.hint}>{hint}</p>}
      <Addition word={label === "Tags" ? "tag" : label === "Headers" ? "header" : "entry"} onClick={() => onChange([...pairs, { name: "", value: "" }])} />
    </div>
  );
}

function Talk({ label, hint, error, steps, onChange }: GroupProps & { steps: readonly Step[]; onChange: (steps: Step[]) => void }) {
  const set = (at: number, part: Partial<Step>): void => onChange(steps.map((step, i) => (i === at ? { ...step, ...part } : step)));
  return (
    <div className={`${fields.field} ${styles.field}`} data-wide role="group" aria-label={label}>
      <span className={fields.label}>{label}</span>
      {steps.map((step, at) => (
        <div key={at} className={styles.step}>
          <input aria-label={`Step ${at + 1}: send`} placeholder="send" spellCheck={false} value={step.send} onChange={(event) => set(at, { send: event.currentTarget.value })} />
          <input aria-label={`Step ${at + 1}: expect`} placeholder="expect" spellCheck={false} value={step.expect} onChange={(event) => set(at, { expect: event.currentTarget.value })} />
          <label className={styles.inline}><input type="checkbox" checked={step.starttls} onChange={(event) => set(at, { starttls: event.currentTarget.checked })} /> then TLS</label>
          <Removal label={`Remove step ${at + 1}`} onClick={() => onChange(steps.filter((_, i) => i !== at))} />
        </div>
      ))}
      {error ? <p className={fields.error}>{error}</p> : <p className={fields.hint}>{hint}</p>}
      <Addition word="step" onClick={() => onChange([...steps, { send: "", expect: "", starttls: false }])} />
    </div>
  );
}

function Authentication({ label, error, auth, onChange }: { label: string; error: string | null; auth: Auth; onChange: (auth: Auth) => void }) {
  const set = (part: Partial<Auth>): void => onChange({ ...auth, ...part });
  return (
    <>
      <Labelled label={label} error={error}>
        {(id, described) => (
          <select id={id} {...described} value={auth.type} onChange={(event) => set({ type: event.currentTarget.value as Auth["type"] })}>
            <option value="none">None</option>
            <option value="basic">User and password</option>
            <option value="bearer">Bearer token</option>
          </select>
        )}
      </Labelled>
      {auth.type === "basic" && (
        <>
          <Text label="User" value={auth.username} onChange={(username) => set({ username })} />
          <Text label="Password" isSecret value={auth.password} onChange={(password) => set({ password })} />
        </>
      )}
      {auth.type === "bearer" && <Text label="Token" isSecret value={auth.token} onChange={(token) => set({ token })} />}
    </>
  );
}

function Trust({ optional, error, tls, onChange }: { optional: boolean; error: string | null; tls: Tls; onChange: (tls: Tls) => void }) {
  const set = (part: Partial<Tls>): void => onChange({ ...tls, ...part });
  return (
    <>
      {optional && <Switch label="Use TLS" checked={tls.on} onChange={(on) => set({ on })} />}
      {tls.on && (
        <>
          <Switch label="The certificate must be valid" checked={tls.verify} onChange={(verify) => set({ verify })} />
          <Text label="Name in the certificate" hint="empty: the host" value={tls.server_name} onChange={(server_name) => set({ server_name })} />
          <Text label="File of authorities" hint="PEM, on the probing machine" value={tls.ca_file} onChange={(ca_file) => set({ ca_file })} />
          <Text label="File of our certificate" value={tls.cert_file} onChange={(cert_file) => set({ cert_file })} />
          <Text label="File of its key" value={tls.key_file} onChange={(key_file) => set({ key_file })} />
        </>
      )}
      {error && <p className={fields.error}>{error}</p>}
    </>
  );
}

export function Addition({ word, onClick }: { word: string; onClick: () => void }) {
  return <div><Button size="xs" variant="default" onClick={onClick}>Add {word}</Button></div>;
}
