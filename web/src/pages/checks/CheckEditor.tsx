import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiFailure } from "../../api/failure";
import { Drawer } from "../../parts/Drawer";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import type { Check } from "./check";
import { CheckForm } from "./CheckForm";
import { copyOf, draftOf, newDraft } from "./draft";
import { create, fetchCheck, save, useChecks } from "./store";

interface CheckEditorProps {
  /** The check that is changed; none for a new one, which may begin like another. */
  id: number | null;
  like: number | null;
  onClose: () => void;
  onSaved: (check: Check) => void;
}

/** A check being written, over the page that it was asked for from. */
export function CheckEditor({ id, like, onClose, onSaved }: CheckEditorProps) {
  const opened = id ?? like;
  // Asked whenever it opens, and not again behind the back of one who edits it.
  const { data, error, isPending } = useQuery({ queryKey: ["check-opened", opened], queryFn: () => fetchCheck(opened as number), enabled: opened !== null, staleTime: Infinity, gcTime: 0 });
  const all = useChecks();
  const client = useQueryClient();
  const [base, setBase] = useState<Check | null>(null);
  const late = useLate(opened !== null && isPending);
  const found = base ?? data;
  const title = id === null ? "New check" : (found?.name ?? "Check");
  const store = async (definition: unknown, insists: boolean): Promise<void> => {
    const version = insists && id !== null ? (await fetchCheck(id)).version : (found?.version ?? 0);
    const saved = id === null ? await create(definition) : await save(id, definition, version);
    setBase(saved);
    await client.invalidateQueries({ queryKey: ["checks"] });
    onSaved(saved);
  };
  const waiting = opened !== null && (!found || (id === null && all.isPending));
  if (waiting || error) {
    return (
      <Drawer label={title} onClose={onClose} head={<h2>{title}</h2>}>
        {error instanceof ApiFailure && error.code === "not_found" ? (
          <EmptyState title="This check is not there any more" within><p>It may have been deleted meanwhile.</p></EmptyState>
        ) : error ? <Failure failure={error} compact /> : late ? <Placeholder height={320} /> : null}
      </Drawer>
    );
  }
  const initial = !found ? newDraft() : id === null ? copyOf(found, new Set(all.data?.map((one) => one.name))) : draftOf(found);
  return <CheckForm key={found?.id ?? "new"} id={id} like={opened} title={title} initial={initial} names={all.data?.map((one) => one.name) ?? []} onClose={onClose} onStore={store} />;
}
