import { names, promise } from './kit/scenarios.ts';

promise(names.filter((_, index) => index % 2 === 1));
