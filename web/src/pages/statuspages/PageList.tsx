import { Awaited } from "../../parts/Awaited";
import cards from "../../parts/Cards.module.css";
import { EmptyState } from "../../parts/EmptyState";
import { FactList } from "../../parts/FactList";
import { BroadcastIcon, CheckIcon, EyeOffIcon, KeyIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import list from "../../parts/ListPage.module.css";
import { StateWord } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { useCheckNames } from "../../uptime/useCheckNames";
import { CHANNELS, placed, type StatusPage } from "./page";
import styles from "./PageList.module.css";
import { usePages } from "./store";

/** Which pages tell readers how things stand. */
export function PageList() {
  const { data, error, isPending } = usePages();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  if (!data) {
    return <Awaited title="Status pages" failure={failure} late={late} height={160} />;
  }
  if (data.length === 0) return <NoPages />;
  return (
    <div className={styles.page}>
      <div className={list.head}>
        <h1>Status pages</h1>
        <div className={list.tools}><LinkButton main to="/status-pages/+">New status page</LinkButton></div>
      </div>
      <ul className={cards.list} aria-label="Status pages">{data.map((one) => <Row key={one.slug} page={one} />)}</ul>
    </div>
  );
}

function Row({ page }: { page: StatusPage }) {
  const checks = useCheckNames().data;
  const count = checks && placed(page.groups, checks).flat().length;
  const ways = CHANNELS.filter(([channel]) => page.subscribe.includes(channel)).map(([, word]) => word);
  return (
    <li className={`${cards.card} ${styles.row}`}>
      <span>{!page.published ? <StateWord tone="neutral" icon={EyeOffIcon}>Hidden</StateWord> : page.password ? <StateWord tone="neutral" icon={KeyIcon}>Password</StateWord> : <StateWord tone="good" icon={CheckIcon}>Public</StateWord>}</span>
      <div className={cards.what}>
        <h2><Link to={`/status-pages/${encodeURIComponent(page.slug)}`}>{page.title}</Link></h2>
        {page.description && <p className={`${cards.quiet} ${cards.long}`} title={page.description}>{page.description}</p>}
      </div>
      <FactList className={styles.facts}>
        <div><dt>Address</dt><dd>{page.published ? <a href={page.path} target="_blank" rel="noreferrer">{page.path}</a> : page.path}</dd></div>
        {page.domains.length > 0 && <div><dt>Domains</dt><dd>{page.domains.join(", ")}</dd></div>}
        {count !== undefined && <div><dt>Shows</dt><dd>{count.toLocaleString("en-GB")} {count === 1 ? "check" : "checks"}{page.groups.length > 1 && ` in ${page.groups.length} groups`}</dd></div>}
        <div><dt>Told by</dt><dd>{ways.length > 0 ? ways.join(", ") : "nothing"}</dd></div>
      </FactList>
      <div className={cards.actions}>
        <LinkButton to={`/status-pages/${encodeURIComponent(page.slug)}`} label={`Edit ${page.title}`}>Edit</LinkButton>
      </div>
    </li>
  );
}

function NoPages() {
  return (
    <EmptyState icon={<BroadcastIcon />} title="There is no status page">
      <p>A status page tells your users how things stand, what is being done and what is planned: in public, or behind a password, under an address of yours, with feeds, mails and badges.</p>
      <p><LinkButton main to="/status-pages/+">New status page</LinkButton></p>
    </EmptyState>
  );
}
