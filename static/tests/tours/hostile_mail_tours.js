import { registry } from "@web/core/registry";

// Start of the subject, which continues with an image that would be requested.
const HOSTILE = "Hostile <img";

function assertText() {
    if (document.querySelector("img[src*='/name'], img[onerror], [onload]")) {
        throw new Error("Something of a mail is markup on this screen.");
    }
}

/** Opens every view of a message in which every name is markup. */
registry.category("web_tour.tours").add("mail_postmaster_hostile_mail", {
    steps: () => [
        {
            content: "The list shows it as text",
            trigger: `.o_data_row .o_data_cell[name='subject']:contains('${HOSTILE}')`,
            run: assertText,
        },
        {
            content: "The menu of activities",
            trigger: ".o-mail-ActivityMenu-counter, .o_menu_systray i[aria-label='Activities']",
            run: "click",
        },
        {
            trigger: ".o-mail-ActivityMenu",
            run: assertText,
        },
        {
            trigger: ".o_data_row .o_data_cell[name='subject']",
            run: "click",
        },
        {
            content: "The form",
            trigger: `.o_form_view .oe_title:contains('${HOSTILE}')`,
            run: assertText,
        },
        ...["Trace", "Content", "Diagnostics", "Deliveries"].flatMap((page) => [
            {
                trigger: `.nav-link:contains('${page}')`,
                run: "click",
            },
            {
                trigger: `.nav-link.active:contains('${page}')`,
                run: assertText,
            },
        ]),
        ...["Process as addressed to", "Assign to"].flatMap((label) => [
            {
                trigger: `.o_statusbar_buttons button:contains('${label}')`,
                run: "click",
            },
            {
                trigger: `.modal [name='subject']:contains('${HOSTILE}')`,
                run: assertText,
            },
            {
                trigger: ".modal .modal-footer button:contains('Discard'), .modal .btn-close",
                run: "click",
            },
            {
                trigger: "body:not(:has(.modal))",
            },
        ]),
        {
            content: "Process it again, without success",
            trigger: "button[name='action_process_again']:visible",
            run: "click",
        },
        {
            trigger: ".o_form_view .alert-danger:visible",
            run: assertText,
        },
    ],
});
