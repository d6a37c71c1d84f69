import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { neverEnds } from "../../alerting/draft";
import { fromSilence, writeMatcher } from "../../alerting/matchers";
import { sayRecurrence } from "../../alerting/recurrence";
import { heldCounts } from "../../alerting/standing";
import { useSilences, useToldGroups } from "../../alerting/useAlerting";
import { expireSilence, putSilence, type Silence } from "../../api/alerting";
import { Ago } from "../../parts/Ago";
import { Awaited } from "../../parts/Awaited";
import cards from "../../parts/Cards.module.css";
import { Choices } from "../../parts/Choices";
import { EmptyState } from "../../parts/EmptyState";
import { FactList } from "../../parts/FactList";
import { CloseIcon, SilenceIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import list from "../../parts/ListPage.module.css";
import { StateWord, type Tone } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useNow } from "../../parts/useNow";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { put, useAddress } from "../../shell/address";
import { shortDuration } from "../../time/duration";
import { absoluteTime } from "../../time/words";
import styles from "./SilenceList.module.css";

type State = Silence["status"]["state"];

const STATES: readonly State[] = ["active", "pending", "expired"];
const WORDS: Record<State, string> = { active: "Active", pending: "Pending", expired: "Expired" };
const TONES: Record<State, Tone> = { active: "warning", pending: "neutral", expired: "neutral" };
const FIRST = 50;
const MORE = 200;

/** Which silences hold, will hold and held alerts. */
export function SilenceList() {
  const { data, error, isPending } = useSilences();
  const told = useToldGroups().data;
  const { search } = useAddress();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const [ended, setEnded] = useState<Silence | null>(null);
  const [most, setMost] = useState(FIRST);
  const held = useMemo(() => heldCounts(told ?? []), [told]);
  const state = STATES.find((one) => one === search.get("state")) ?? "active";
  const text = search.get("find") ?? "";
  if (!data) {
    return <Awaited title="Silences" failure={failure} late={late} height={160} />;
  }
  if (data.length === 0) return <NoSilences />;
  const fitting = data.filter((one) => hasText(one, text));
  const counts = STATES.map((one) => [one, WORDS[one], fitting.filter((each) => each.status.state === one).length] as const);
  const shown = fitting.filter((one) => one.status.state === state);
  return (
    <div className={styles.page}>
      <div className={list.head}>
        <h1>Silences</h1>
        <Choices label="State" choices={counts} chosen={state} onChoose={(choice) => put("state", choice === "active" ? "" : choice)} />
        <div className={`${list.tools} ${styles.tools}`}>
          <TextInput aria-label="Find a silence" placeholder="Find by matcher, author or comment" type="search" value={text} onChange={(event) => put("find", event.currentTarget.value)} />
          <LinkButton main to="/silences/+">New silence</LinkButton>
        </div>
      </div>
      {ended && <Ended key={ended.id} silence={ended} onGone={() => setEnded(null)} />}
      {shown.length === 0 && <NothingHere state={state} text={text} />}
      <ul className={cards.list} aria-label={`${WORDS[state]} silences`}>
        {shown.slice(0, most).map((one) => <Row key={one.id} silence={one} held={held.get(one.id) ?? 0} onEnded={() => setEnded(one)} />)}
      </ul>
      {shown.length > most && <p className={styles.more}><Button size="xs" variant="default" onClick={() => setMost(most + MORE)}>Show more</Button> <span className={styles.quiet}>{most} of {shown.length} silences</span></p>}
    </div>
  );
}

const hasText = ({ matchers, createdBy, comment, id }: Silence, text: string): boolean =>
  [...matchers.map((one) => writeMatcher(fromSilence(one))), createdBy, comment, id].join("\n").toLowerCase().includes(text.trim().toLowerCase());

function Row({ silence, held, onEnded }: { silence: Silence; held: number; onEnded: () => void }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { id, matchers, comment, createdBy, status: { state }, recurrence = [] } = silence;
  const end = async (): Promise<void> => {
    setBusy(true);
    try {
      await expireSilence(id);
      onEnded();
      await client.invalidateQueries({ queryKey: ["alerts"] });
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure));
      setBusy(false);
    }
  };
  const what = matchers.map((one) => writeMatcher(fromSilence(one)));
  return (
    <li className={`${cards.card} ${styles.silence}`} data-state={state}>
      <span>
        <StateWord tone={TONES[state]} icon={SilenceIcon}>{WORDS[state]}</StateWord>
      </span>
      <div className={`${cards.what} ${styles.what}`}>
        <ul className={styles.matchers} aria-label="Matchers">{what.map((one, at) => <li key={at}><code>{one}</code></li>)}</ul>
        {comment && <p className={styles.comment}>{comment}</p>}
        <p className={styles.quiet}>{createdBy ? `by ${createdBy}` : "by nobody named"}</p>
        {recurrence.length > 0 && <p>{sayRecurrence(recurrence)}</p>}
        {problem && <p className={styles.problem} role="alert">{problem}</p>}
      </div>
      <FactList className={styles.facts}>
        <div><dt>{state === "expired" ? "Ended" : "Ends"}</dt><dd><Moment text={silence.endsAt} never={neverEnds(silence)} /></dd></div>
        <div><dt>{Date.parse(silence.startsAt) > Date.now() ? "Starts" : "Began"}</dt><dd><Moment text={silence.startsAt} never={false} /></dd></div>
        {state === "active" && <div><dt>Holds</dt><dd>{held === 0 ? "no alert now" : <Link to="/alerts" find={{ state: "silenced", find: what.join(",") }}>{held.toLocaleString("en-GB")} {held === 1 ? "alert" : "alerts"}</Link>}</dd></div>}
      </FactList>
      <div className={cards.actions}>
        <LinkButton to={state === "expired" ? "/silences/+" : `/silences/${id}`} find={state === "expired" ? { match: what.join(","), comment } : {}}>{state === "expired" ? "Again" : "Edit"}</LinkButton>
        {state !== "expired" && <Button size="xs" variant="default" loading={busy} onClick={() => void end()}>Expire</Button>}
      </div>
    </li>
  );
}

/** A moment before or after now. */
function Moment({ text, never }: { text: string; never: boolean }) {
  const now = useNow();
  const time = Date.parse(text) / 1000;
  if (never) return <>never</>;
  if (time <= now) return <Ago time={time} />;
  return <time dateTime={new Date(time * 1000).toISOString()} title={absoluteTime(time)}>in {shortDuration(time - now)}</time>;
}

/** What was ended can be had back. */
function Ended({ silence, onGone }: { silence: Silence; onGone: () => void }) {
  const client = useQueryClient();
  const [problem, setProblem] = useState<string | null>(null);
  const undo = async (): Promise<void> => {
    const { id: _, updatedAt: __, status: ___, endsAt, recurrence = [], ...rest } = silence;
    try {
      await putSilence({ ...rest, recurrence, ...(neverEnds(silence) ? {} : { endsAt }) });
      await client.invalidateQueries({ queryKey: ["alerts"] });
      onGone();
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <p className={styles.ended} role="status">
      <span>{problem ?? `The silence of ${silence.matchers.map((one) => writeMatcher(fromSilence(one))).join(", ")} has ended.`}</span>
      <Button size="xs" variant="default" onClick={() => void undo()}>Undo</Button>
      <button type="button" className={styles.dismiss} aria-label="Dismiss" onClick={onGone}><CloseIcon /></button>
    </p>
  );
}

function NothingHere({ state, text }: { state: State; text: string }) {
  if (text) return <EmptyState title="No silence matches" within><p>Matchers, authors, comments and ids are searched, here among those that are {state}.</p></EmptyState>;
  const said: Record<State, [string, string]> = {
    active: ["Nothing is silenced now", "Silences that begin later, or recur, are pending; those that ended are kept for five days."],
    pending: ["No silence is to come", "Give a silence a start in the future, or windows that recur, and it waits here."],
    expired: ["No silence has ended lately", "Those that ended are kept for five days, to be made again."],
  };
  return <EmptyState icon={<SilenceIcon />} title={said[state][0]} within><p>{said[state][1]}</p></EmptyState>;
}

function NoSilences() {
  return (
    <EmptyState icon={<SilenceIcon />} title="Nothing is silenced">
      <p>A silence keeps alerts from being told for a while, during a deployment for example, or every Sunday night. They go on to be shown.</p>
      <p><LinkButton main to="/silences/+">New silence</LinkButton></p>
    </EmptyState>
  );
}
