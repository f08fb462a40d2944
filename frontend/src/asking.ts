// Questions that change something, asked one at a time and in order.

interface Question { work: () => Promise<void>; settled: boolean; resolve: () => void; reject: (error: unknown) => void }

/**
 * A queue of questions. While something is dragged many are asked that are only looked at; of those that wait, a newer
 * one takes the place of an older one. A settled question always has its turn.
 */
export class Asking {
  private waiting: Question[] = [];
  private busy = false;

  ask(work: () => Promise<void>, settled = true): Promise<void> {
    return new Promise((resolve, reject) => {
      const last = this.waiting[this.waiting.length - 1];
      if (last && !last.settled) {
        this.waiting.pop();
        last.resolve();
      }
      this.waiting.push({ work, settled, resolve, reject });
      if (!this.busy) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.busy = true;
    for (let one = this.waiting.shift(); one; one = this.waiting.shift()) {
      try {
        await one.work();
        one.resolve();
      } catch (error) {
        one.reject(error);
      }
    }
    this.busy = false;
  }
}
