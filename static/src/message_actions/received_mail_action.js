import { registerMessageAction } from "@mail/core/common/message_actions";
import { Store } from "@mail/core/common/store_service";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";

patch(Store.prototype, {
    setup() {
        super.setup(...arguments);
        this.has_access_postmaster = false;
    },
});

registerMessageAction("received-mail", {
    condition: ({ message, store }) =>
        message.message_type === "email" && store.has_access_postmaster,
    icon: "fa fa-envelope-open-o",
    name: _t("Received Mail"),
    onSelected: async ({ message, store }) => {
        const action = await store.env.services.orm.call(
            "mail.postmaster.message",
            "action_open_received",
            [message.id]
        );
        await store.env.services.action.doAction(action);
    },
    sequence: 105,
});
