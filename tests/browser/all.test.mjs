// Runs every browser test in one process against one demo: `node --test
// tests/browser/all.test.mjs`. Each file can also run alone.
import './hygiene.test.mjs';
import './hitmap.test.mjs';
import './journey.test.mjs';
import './keyboard.test.mjs';
import './live.test.mjs';
import './partners.test.mjs';
import './beside.test.mjs';
import './search.test.mjs';
import './finder.test.mjs';
import './transactions.test.mjs';
import './help.test.mjs';
import './journeys.test.mjs';
import './hostile.test.mjs';
import './onboarding.test.mjs';
import './wall.test.mjs';
import './soak.test.mjs';
