import { ApiFailure } from "../../api/failure";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { AlertIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { useNamedSubject } from "../../shell/subjects";
import { useIncident } from "../../uptime/store";
import { Aside } from "./Aside";
import { Entries } from "./Entries";
import { IncidentHead } from "./IncidentHead";
import styles from "./IncidentPage.module.css";
import { PostMortem } from "./PostMortem";
import { SayUpdate } from "./SayUpdate";

/** One incident: what happened, what was done, and what one can do now. */
export function IncidentPage({ id }: { id: string }) {
  const { data, error, isPending } = useIncident(id);
  const late = useLate(isPending);
  useNamedSubject("/incidents", id, data?.title);
  const failure = useStandingFailure(error, data !== undefined);
  if (!data) {
    if (failure instanceof ApiFailure && failure.code === "not_found") return <NotThere />;
    return failure ? <Failure failure={failure} /> : late ? <Placeholder height={320} /> : null;
  }
  return (
    <article className={styles.page}>
      <IncidentHead incident={data} />
      <div className={styles.columns}>
        <div className={styles.main}>
          <section className={styles.part}>
            <h2>Timeline</h2>
            <SayUpdate incident={data} />
            <Entries entries={data.timeline} />
          </section>
          <PostMortem incident={data} />
        </div>
        <Aside incident={data} />
      </div>
    </article>
  );
}

function NotThere() {
  return (
    <EmptyState icon={<AlertIcon />} title="There is no such incident">
      <p>It is longer ago than is kept, or the address is of another server. <Link to="/incidents">See all incidents</Link></p>
    </EmptyState>
  );
}
