// Presses the button once somebody looks at the page; a page loaded ahead of that uses no link up.
"use strict";

const press = () => document.querySelector("main form").requestSubmit();

if (document.prerendering) document.addEventListener("prerenderingchange", press, { once: true });
else press();
