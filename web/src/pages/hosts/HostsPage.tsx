import { useEffect } from "react";
import { Failure } from "../../parts/Failure";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { hrefOf, navigate, useAddress } from "../../shell/address";
import { HostList } from "./HostList";
import { HostPage } from "./HostPage";
import { UnknownHost } from "./UnknownHost";
import { useHosts } from "./useHosts";
import { WaitingForSamples } from "./WaitingForSamples";

/** One host, or the list of them; with a single host its page is the list. */
export default function HostsPage({ subject }: { subject: string | null }) {
  const { data: hosts, error, isPending } = useHosts();
  const { search } = useAddress();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, hosts !== undefined);
  const only = hosts?.length === 1 ? hosts[0] : undefined;

  useEffect(() => {
    if (subject === null && only !== undefined) navigate(hrefOf(`/hosts/${encodeURIComponent(only)}`, search), { replace: true });
  }, [subject, only, search]);

  if (!hosts) return failure ? <Failure failure={failure} /> : late ? <Placeholder height={64} /> : null;
  if (hosts.length === 0) return <WaitingForSamples />;
  if (subject === null) return only === undefined ? <HostList hosts={hosts} /> : null;
  if (!hosts.includes(subject)) return <UnknownHost name={subject} hosts={hosts} />;
  return <HostPage key={subject} instance={subject} hosts={hosts} />;
}
