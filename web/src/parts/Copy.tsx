import { Button } from "@mantine/core";
import { copyText } from "./copyText";

interface CopyProps {
  text: string;
  copied: boolean;
  onCopied: (copied: boolean) => void;
}

/** Puts a text on the clipboard and says that it did. */
export function Copy({ text, copied, onCopied }: CopyProps) {
  return (
    <Button size="xs" variant="default" onClick={() => void copyText(text).then(onCopied)}>
      {copied ? "Copied" : "Copy"}
    </Button>
  );
}
