import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { ApiFailure } from "../../api/failure";
import { Unsaved } from "../../parts/Unsaved";
import { visit } from "../../shell/address";
import type { BacktestQuestion } from "./backtest";
import { BacktestView } from "./BacktestView";
import { comparedOf } from "./comparison";
import { Conflict } from "./Conflict";
import { canBeJudged, draftOf, gapsOf, inOtherForm, ruleOf, saidBy, type Draft, type Stored } from "./rule";
import styles from "./RuleEditor.module.css";
import { RuleForm } from "./RuleForm";
import { create, fetchStored, save, useJudgement, useStoredRules } from "./store";
import { useBacktestRange } from "./useBacktestRange";

/** Typing has paused for so long before the server is asked. */
const PAUSE_MS = 400;
/** A rule can be judged before it has a name. */
const UNNAMED = "Unnamed";
const NONE: ReadonlySet<string> = new Set();

interface RuleEditorProps {
  initial: Draft;
  /** The rule as it was opened; null for a new one. */
  stored: Stored | null;
  head: ReactNode;
  /** More to do with the rule than to save it. */
  menu?: ReactNode;
  onSaved: (stored: Stored) => void;
}

/** A rule being written, beside what it would have done. */
export function RuleEditor({ initial, stored, head, menu, onSaved }: RuleEditorProps) {
  const client = useQueryClient();
  const rules = useStoredRules();
  const [draft, setDraft] = useState(initial);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [busy, setBusy] = useState(false);
  const [insists, setInsists] = useState(false);
  const [saved, setSaved] = useState(false);
  useBacktestRange();

  const taken = useMemo(() => (stored ? NONE : new Set(rules.data?.map((one) => one.rule.name))), [stored, rules.data]);
  const gaps = useMemo(() => gapsOf(draft, taken), [draft, taken]);
  const text = saidBy(draft);
  const before = useMemo(() => (stored ? saidBy(draftOf(stored.rule)) : null), [stored]);
  const changed = before === null ? JSON.stringify(draft) !== JSON.stringify(initial) : text !== before;

  const written = JSON.stringify(ruleOf(draft));
  const [settled] = useDebouncedValue(canBeJudged(gaps) ? written : "", PAUSE_MS);
  const judged = useJudgement(useMemo(() => (settled ? named(settled) : null), [settled]));
  const judgement = settled && judged.data ? judged.data : null;
  const current = judgement !== null && !judged.isPlaceholderData;

  // What was valid last stays in sight while one types.
  const valid = useRef<string | null>(null);
  if (current && judgement.valid) valid.current = settled;
  const replayed = valid.current;
  const question = useMemo((): BacktestQuestion | null => (replayed ? { alert_rule: named(replayed) } : null), [replayed]);
  const earlier = useMemo((): BacktestQuestion | null => (before && changed ? { alert_rule: named(before) } : null), [before, changed]);
  const compared = draft.simple ? (draft.query.trim() && draft.value.trim() ? { query: draft.query, comparison: draft.comparison, value: Number(draft.value) } : null) : comparedOf(draft.expr);

  const change = (part: Partial<Draft>): void => {
    setSaved(false);
    setDraft((old) => ({ ...old, ...part }));
  };
  const store = async (version: number): Promise<void> => {
    if (Object.keys(gaps).length > 0) {
      setInsists(true);
      return;
    }
    setBusy(true);
    setFailure(null);
    try {
      const next = stored ? await save(ruleOf(draft), version) : await create(ruleOf(draft));
      await client.invalidateQueries({ queryKey: ["rules", "stored"] });
      void client.invalidateQueries({ queryKey: ["rules", "groups"] });
      setDraft((old) => inFormOf(old, draftOf(next.rule)));
      setSaved(true);
      onSaved(next);
    } catch (reason) {
      setFailure(reason instanceof ApiFailure ? reason : new ApiFailure("broken", String(reason), "page"));
    }
    setBusy(false);
  };
  const overwrite = async (): Promise<void> => {
    try {
      await store((await fetchStored(draft.name)).version);
    } catch (reason) {
      setFailure(reason instanceof ApiFailure ? reason : new ApiFailure("broken", String(reason), "page"));
    }
  };
  const discard = (): void => {
    if (stored) setDraft(draftOf(stored.rule));
    else visit("/rules", {}, { sure: true });
    setFailure(null);
    setInsists(false);
  };

  const submit = (): void => void store(stored?.version ?? 0);
  return (
    <form className={styles.page} onSubmit={(event) => { event.preventDefault(); submit(); }} onKeyDown={(event) => { if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); submit(); } }}>
      <div className={styles.head}>
        {head}
        <div className={styles.tools}>
          {saved && !changed && <p className={styles.saved} role="status">Saved. The next round of evaluation has it.</p>}
          <Button type="submit" disabled={(stored !== null && !changed) || (current && !judgement.valid)} loading={busy} title="Ctrl+S">{stored ? "Save" : "Create"}</Button>
          {(changed || !stored) && <Button variant="default" onClick={discard}>{stored ? "Discard changes" : "Cancel"}</Button>}
          {menu}
        </div>
      </div>
      {failure && (
        <Conflict
          failure={failure}
          isNew={stored === null}
          onOverwrite={() => void overwrite()}
          onTheirs={() => void client.resetQueries({ queryKey: ["rule", draft.name] })}
        />
      )}
      <div className={styles.columns}>
        <RuleForm {...{ draft, gaps, insists, judgement }} isNew={stored === null} unjudged={settled && !judged.isFetching ? judged.error : null} onChange={change} />
        <BacktestView {...{ question, earlier, compared }} />
      </div>
      <Unsaved changed={changed} />
    </form>
  );
}

/** The same rule with its condition in the form that one is used to. */
const inFormOf = (old: Draft, next: Draft): Draft => (old.simple === next.simple ? next : (inOtherForm(next) ?? next));

function named(text: string): ReturnType<typeof ruleOf> {
  const rule = JSON.parse(text) as ReturnType<typeof ruleOf>;
  return { ...rule, name: rule.name || UNNAMED };
}
