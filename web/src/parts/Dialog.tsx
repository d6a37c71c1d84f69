import { useLayoutEffect, useRef, type ReactNode } from "react";

interface DialogProps {
  label: string;
  /** It fills the dialog, which has no space of its own around it: a press there is one beside what is shown. */
  children: ReactNode;
  className?: string;
  onClose: () => void;
}

/** The browser's own dialog: it holds the focus, closes on Escape and by a press beside it, and gives the focus back. */
export function Dialog({ label, children, className, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Who marks text may let go beside it.
  const pressed = useRef(false);
  // Before it leaves the page: one that is gone gives no focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={() => {
        // A browser closes it at the second Escape without asking; who is kept from leaving is still in it.
        const element = dialog.current;
        if (element?.isConnected && !element.open) element.showModal();
      }}
      onPointerDown={(event) => {
        pressed.current = event.target === dialog.current;
      }}
      onClick={(event) => event.target === dialog.current && pressed.current && onClose()}
    >
      {children}
    </dialog>
  );
}
