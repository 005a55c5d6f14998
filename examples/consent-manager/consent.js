// Nothing of the chat is on the page before the visitor agrees, and nothing is left of it when the visitor takes that back.
const { edge, site } = document.currentScript.dataset;

const porchlight = {
  label: "Chat",
  onAccept() {
    const tag = document.createElement("script");
    tag.src = edge + "/widget.js";
    tag.dataset.site = site;
    document.head.append(tag);
  },
  onReject() {
    window.porchlight?.destroy?.();
    for (const name of Object.keys(localStorage)) if (name.startsWith("porchlight:")) localStorage.removeItem(name);
  },
};

CookieConsent.run({
  // Browsers that are driven by a program are asked too: this page is tested with one.
  hideFromBots: false,
  categories: { necessary: { enabled: true, readOnly: true }, chat: { services: { porchlight } } },
  language: {
    default: "en",
    translations: {
      en: {
        consentModal: {
          title: "Would you like to be able to chat with us?",
          description: "What you write in the chat is kept in this browser until it has reached us.",
          acceptAllBtn: "Yes",
          acceptNecessaryBtn: "No",
        },
        preferencesModal: {
          title: "Privacy",
          acceptAllBtn: "Allow all",
          acceptNecessaryBtn: "Only what is necessary",
          savePreferencesBtn: "Save",
          closeIconLabel: "Close",
          sections: [{ title: "Chat", description: "Messages to us, and our answers.", linkedCategory: "chat" }],
        },
      },
    },
  },
});
