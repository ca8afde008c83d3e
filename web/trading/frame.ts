import { onScopeDispose } from 'vue';

/** Does the work at most once a frame, however often it is asked for; not at all while nobody looks at the page. */
export function useFrame(work: () => void): () => void {
  let asked: number | null = null;
  onScopeDispose(() => asked !== null && cancelAnimationFrame(asked));
  return () => {
    asked ??= requestAnimationFrame(() => {
      asked = null;
      work();
    });
  };
}
