import { navigate, useAddress, visit, withSearch } from "../../shell/address";
import { EmptyState } from "../../parts/EmptyState";
import { CheckIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { CheckEditor } from "./CheckEditor";
import { CheckList } from "./CheckList";
import { CheckPage } from "./CheckPage";

/** The list of checks or the page of one; over either the editor, where the address asks for it: of a new one (`edit=+`), or of one by its id. */
export default function ChecksPage({ subject }: { subject: string | null }) {
  const { search } = useAddress();
  const edited = search.get("edit");
  const close = (): void => {
    const rest = new URLSearchParams([...search].filter(([name]) => name !== "edit" && name !== "like"));
    navigate(withSearch(location.pathname, rest));
  };
  return (
    <>
      {subject === null ? <CheckList /> : /^\d+$/.test(subject) ? <CheckPage key={subject} id={Number(subject)} /> : <NoCheck />}
      {edited !== null && (
        <CheckEditor key={`${edited} ${search.get("like") ?? ""}`} id={/^\d+$/.test(edited) ? Number(edited) : null} like={Number(search.get("like")) || null} onClose={close} onSaved={(check) => visit(`/checks/${check.id}`, {}, { sure: true })} />
      )}
    </>
  );
}

function NoCheck() {
  return (
    <EmptyState icon={<CheckIcon />} title="There is no such check">
      <p>Checks are called by their numbers here. <Link to="/checks">See all checks</Link></p>
    </EmptyState>
  );
}
