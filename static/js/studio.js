// The studio page: each module defines its own elements.

import "./composer.js";
import "./stepper.js";
import "./clock.js";
import "./jobs.js";
import "./card-actions.js";
import "./prompt-panel.js";
import "./bench.js";
import "./starters.js";
import "./shortcuts.js";
