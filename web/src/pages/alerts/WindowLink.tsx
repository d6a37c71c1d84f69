import { Link } from "../../parts/Link";
import { useWindows } from "../../uptime/windowStore";

/** A maintenance window that alerts name; one that is there no more leads to those that are. */
export function WindowLink({ name }: { name: string }) {
  const id = useWindows().data?.find((one) => one.name === name)?.id;
  return <Link to={id === undefined ? "/maintenance" : `/maintenance/${id}`}>{name}</Link>;
}
