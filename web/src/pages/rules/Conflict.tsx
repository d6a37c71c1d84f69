import { Button } from "@mantine/core";
import type { ApiFailure } from "../../api/failure";
import { Banner } from "../../parts/Banner";

interface ConflictProps {
  failure: ApiFailure;
  isNew: boolean;
  onOverwrite: () => void;
  onTheirs: () => void;
}

/** Why a rule was not saved; where somebody else was faster, the two ways on. */
export function Conflict({ failure, isNew, onOverwrite, onTheirs }: ConflictProps) {
  const met = failure.code === "conflict" && !isNew;
  return (
    <Banner>
      <p>{met ? "Somebody else changed this rule meanwhile; nothing of yours is lost." : failure.message} <code>{failure.code}</code></p>
      {met && (
        <>
          <Button size="xs" onClick={onOverwrite}>Save mine over theirs</Button>
          <Button size="xs" variant="default" onClick={onTheirs}>Show theirs, lose mine</Button>
        </>
      )}
    </Banner>
  );
}
