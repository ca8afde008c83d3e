/**
 * Asking before something that moves money, stops something or decides about somebody. Answered by the one dialog of
 * the page.
 */
import { shallowRef } from 'vue';

export interface Question {
  readonly title: string;
  /** What will happen. */
  readonly text: string;
  /** What it is about, to be compared once more: name and value. */
  readonly facts?: readonly (readonly [string, string])[];
  /** On the button that does it. */
  readonly action: string;
  readonly danger?: boolean;
}

export interface Asked extends Question {
  answer(isMeant: boolean): void;
}

/** The question that is open now, or null. */
export const asked = shallowRef<Asked | null>(null);

function giveBack(opener: Element | null): void {
  if (opener instanceof HTMLElement && opener.isConnected && !opener.matches(':disabled')) opener.focus();
  else document.getElementById('content')?.focus({ preventScroll: true });
}

/**
 * Resolves true only when the person pressed the button that names the action. A second question ends the first with
 * false.
 */
export function confirmed(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  const opener = document.activeElement;
  return new Promise((resolve) => {
    const mine: Asked = {
      ...question,
      answer: (isMeant) => {
        if (asked.value === mine) asked.value = null;
        resolve(isMeant);
        // The button that asked was disabled meanwhile; where it is not there any more, the page itself has the focus.
        setTimeout(() => giveBack(opener));
      },
    };
    asked.value = mine;
  });
}
