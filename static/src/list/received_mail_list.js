import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { Component, onWillStart, useState } from "@odoo/owl";

/** Warns above the list of received messages about what blocks incoming mail or needs a choice. */
export class PostmasterWarnings extends Component {
    static template = "mail_postmaster.Warnings";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({});
        onWillStart(async () => {
            this.isSystem = await user.hasGroup("base.group_system");
            await this.read();
        });
    }

    async read() {
        Object.assign(
            this.state,
            await this.orm.call("mail.postmaster.message", "read_warnings", [])
        );
    }

    async confirmDatabase() {
        await this.orm.call("mail.postmaster.policy", "confirm_database", []);
        await this.read();
    }

    async keepPreset() {
        await this.orm.call("mail.postmaster.policy", "apply_preset", ["odoo"]);
        await this.read();
    }

    async completePreset() {
        await this.orm.call("mail.postmaster.policy", "complete_preset", []);
        await this.read();
    }

    async trustServers() {
        await this.orm.call("mail.postmaster.policy", "trust_servers", [
            this.state.suggested_servers,
        ]);
        await this.read();
    }

    openAliasDomains() {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Alias Domains"),
            res_model: "mail.alias.domain",
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [["id", "in", this.state.stored_otherwise.map(([id]) => id)]],
            context: { show_name_in_messages: true },
        });
    }

    openSettings() {
        this.action.doAction("mail_postmaster.action_settings");
    }
}

export class ReceivedMailListRenderer extends ListRenderer {
    static template = "mail_postmaster.ListRenderer";
    static components = { ...ListRenderer.components, PostmasterWarnings };
}

registry.category("views").add("mail_postmaster_list", {
    ...listView,
    Renderer: ReceivedMailListRenderer,
});
