import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";

// A mail takes some tens of milliseconds; a request must end before the worker's limit.
const CHUNK = 10;

/** Processes received mails piece by piece, shows how far it is, and can be stopped. */
export class ProcessAgainDialog extends Component {
    static template = "mail_postmaster.ProcessAgainDialog";
    static components = { Dialog };
    static props = {
        ids: { type: Array, element: Number },
        skipped: { type: Number },
        close: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ done: 0, error: "", isRunning: true, isStopping: false });
        this.counts = useState({ delivered: 0, parked: 0, retry: 0, other: 0 });
        onWillStart(() => {
            this.run();
        });
        onWillUnmount(() => this.stop());
    }

    get title() {
        return _t("Process again");
    }

    get total() {
        return this.props.ids.length;
    }

    get percent() {
        return this.total ? Math.round((100 * this.state.done) / this.total) : 100;
    }

    stop() {
        this.state.isStopping = true;
    }

    async run() {
        while (this.state.done < this.total && !this.state.isStopping) {
            const chunk = this.props.ids.slice(this.state.done, this.state.done + CHUNK);
            try {
                await this.process(chunk);
            } catch (error) {
                // Somebody else may have settled all of these meanwhile; the rest goes on
                // only when a person says so.
                this.state.error = error.data?.message || error.message;
                break;
            }
            this.state.done += chunk.length;
        }
        this.state.isRunning = false;
    }

    async process(ids) {
        const model = "mail.postmaster.message";
        await this.orm.silent.call(model, "action_process_again", [ids]);
        for (const { state } of await this.orm.silent.read(model, ids, ["state"])) {
            this.counts[state in this.counts ? state : "other"]++;
        }
    }
}

/** Opens the dialog, and has the list read again when it is closed. */
async function processAgain(env, action) {
    const { ids, skipped } = action.params;
    await new Promise((resolve) => {
        env.services.dialog.add(ProcessAgainDialog, { ids, skipped }, { onClose: resolve });
    });
    return { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("mail_postmaster.process_again", processAgain);
