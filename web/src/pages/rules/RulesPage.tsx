import { useAddress } from "../../shell/address";
import { FileRule } from "./FileRule";
import { NewRule } from "./NewRule";
import { RuleList } from "./RuleList";
import { RulePage } from "./RulePage";

/** The list of rules, one of them, or one that is being begun. */
export default function RulesPage({ subject }: { subject: string | null }) {
  const { path, search } = useAddress();
  if (subject === null) return <RuleList />;
  // A rule of that very name has its plus encoded in the address.
  if (path === "/rules/+") return <NewRule />;
  const file = search.get("file");
  if (file !== null) return <FileRule key={`${file} ${search.get("group") ?? ""} ${subject}`} name={subject} file={file} group={search.get("group") ?? ""} />;
  return <RulePage key={subject} name={subject} />;
}
