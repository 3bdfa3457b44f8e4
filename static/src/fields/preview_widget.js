import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Component } from "@odoo/owl";

/** Shows the text of a received message in a frame that fetches nothing and runs no scripts. */
export class PreviewWidget extends Component {
    static template = "mail_postmaster.PreviewWidget";
    static props = { ...standardWidgetProps };
}

registry.category("view_widgets").add("mail_postmaster_preview", { component: PreviewWidget });
