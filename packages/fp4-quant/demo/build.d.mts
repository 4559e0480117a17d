/** Bundles the page into `folder`: index.html, demo.css, demo.js, worker.js. */
export declare function buildDemo(folder: string): Promise<void>
