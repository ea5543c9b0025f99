"use strict";
// First of all scripts, so that a failure of any other one shows on the page.
addEventListener("error", event => {
  const message = event.message || "a script could not be loaded";
  const root = document.documentElement;
  root.dataset.error = root.dataset.error ? root.dataset.error + "\n" + message : message;
  const notice = document.getElementById("failure");
  if (notice) {
    notice.hidden = false;
    notice.textContent = "A script of this page failed, so charts or tasks may be missing: " + root.dataset.error;
  }
});
addEventListener("securitypolicyviolation", event => {
  document.documentElement.dataset.error = "blocked: " + event.violatedDirective + " " + event.blockedURI;
});
