import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { debounce } from "@web/core/utils/timing";
import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";

// Many messages may be parked at once.
const PATIENCE = 1000;

/** Shows administrators how many received messages need attention, if any. */
export class AttentionCounter extends Component {
    static template = "mail_postmaster.AttentionCounter";
    static props = [];

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.bus = useService("bus_service");
        this.state = useState({ count: 0 });
        this.countSoon = debounce(() => this.count(), PATIENCE);
        onWillStart(async () => {
            if (await user.hasGroup("mail_postmaster.group_admin")) {
                this.bus.subscribe("mail_postmaster/attention", this.countSoon);
                // Nothing on the screen waits for this number.
                this.count();
            }
        });
        onWillUnmount(() => {
            this.bus.unsubscribe("mail_postmaster/attention", this.countSoon);
            this.countSoon.cancel();
        });
    }

    async count() {
        this.state.count = await this.orm.silent.searchCount("mail.postmaster.message", [
            ["state", "=", "parked"],
        ]);
    }

    open() {
        this.action.doAction("mail_postmaster.action_attention", { clearBreadcrumbs: true });
    }
}

registry
    .category("systray")
    .add("mail_postmaster.attention", { Component: AttentionCounter }, { sequence: 30 });
