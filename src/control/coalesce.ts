/**
 * Runs a job when asked; while it runs, any number of further requests make one more run after it. A storm of
 * signals then costs two runs.
 * @param job must not reject
 */
export function coalesced(job: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async (): Promise<void> => {
    running = true;
    do {
      again = false;
      await job();
    } while (wantsMore());
    running = false;
  };
  const wantsMore = (): boolean => again;
  return () => {
    if (running) again = true;
    else void run();
  };
}
