import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

/** Finds a message that needs attention, reads the reason, repairs the alias, processes it again. */
registry.category("web_tour.tours").add("mail_postmaster_repair_alias", {
    steps: () => [
        ...stepUtils.goToAppSteps("mail_postmaster.menu_root"),
        {
            content: "The counter shows that a message needs attention",
            trigger: ".o_postmaster_attention .badge",
        },
        {
            trigger: "[data-menu-xmlid='mail_postmaster.menu_attention']",
            run: "click",
        },
        {
            content: "Open the message",
            trigger: ".o_breadcrumb:contains('Needs attention')",
        },
        {
            trigger: ".o_data_row:contains('Twenty desks') .o_data_cell:first",
            run: "click",
        },
        {
            content: "Read the reason",
            trigger: ".o_form_view .alert-danger:contains('Processing failed')",
        },
        {
            content: "Read the decisions",
            trigger: ".nav-link:contains('Trace')",
            run: "click",
        },
        {
            trigger: ".o_postmaster_trace li:contains('Addressed to desks@received.test.')",
        },
        {
            content: "Read the message itself",
            trigger: ".nav-link:contains('Content')",
            run: "click",
        },
        {
            trigger: "iframe.o_postmaster_preview[sandbox='']",
        },
        {
            content: "Read the diagnostics",
            trigger: ".nav-link:contains('Diagnostics')",
            run: "click",
        },
        {
            trigger: "[name='error']:contains('ValueError')",
        },
        {
            content: "Open the alias of the delivery",
            trigger: ".nav-link:contains('Deliveries')",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains('desks@received.test') button:contains('Alias')",
            run: "click",
        },
        {
            content: "Repair its default values",
            trigger: ".o_form_view [name='alias_defaults'] textarea",
            run: "edit {}",
        },
        ...stepUtils.saveForm(),
        {
            content: "Back to the message",
            trigger: ".breadcrumb-item a:contains('Twenty desks')",
            run: "click",
        },
        {
            trigger: "button[name='action_process_again']:visible",
            run: "click",
        },
        {
            content: "It is delivered",
            trigger:
                ".o_form_view .alert-success:contains('Created a record through the address desks@received.test.')",
        },
        {
            content: "Open the lead",
            trigger: ".nav-link:contains('Deliveries')",
            run: "click",
        },
        {
            trigger: ".o_data_row:contains('Twenty desks') button:contains('Open')",
            run: "click",
        },
        {
            trigger: ".o_lead_opportunity_form .oe_title:has(textarea:value('Twenty desks'))",
        },
    ],
});

/** Processes many messages from the list, with progress. */
registry.category("web_tour.tours").add("mail_postmaster_process_many", {
    steps: () => [
        {
            trigger: ".o_data_row:contains('Mail 1')",
        },
        {
            trigger: ".o_list_table thead .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: "button[name='action_process_selected']",
            run: "click",
        },
        {
            content: "Twelve messages are more than one batch",
            trigger: ".modal .o_postmaster_done:contains('12')",
        },
        {
            trigger: ".modal .o_postmaster_delivered:contains('11')",
        },
        {
            trigger: ".modal .o_postmaster_parked:contains('1')",
        },
        {
            trigger: ".modal .o_postmaster_close",
            run: "click",
        },
        {
            content: "The list was reloaded",
            trigger: "body:not(:has(.modal)) .o_list_view:not(:has(.o_data_row:contains('Mail 1')))",
        },
        {
            trigger: ".o_data_row:contains('Unknown address')",
        },
    ],
});

/** Processes a selection in which some messages were already handled. */
registry.category("web_tour.tours").add("mail_postmaster_process_settled", {
    steps: () => [
        {
            trigger: ".o_data_row:contains('Waiting')",
        },
        {
            trigger: ".o_list_table thead .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: "button[name='action_process_selected']",
            run: "click",
        },
        {
            content: "Only waiting messages are processed unless others are chosen",
            trigger: ".modal .o_postmaster_process:contains('Process (1)')",
        },
        {
            trigger: ".modal .o_postmaster_repeated:contains('Duplicates: 1.') input:not(:checked)",
        },
        {
            trigger: ".modal .o_postmaster_refused:contains('Refused: 1. Their senders were notified') input",
            run: "click",
        },
        {
            trigger: ".modal .o_postmaster_process:contains('Process (2)')",
            run: "click",
        },
        {
            trigger: ".modal .o_postmaster_delivered:contains('2')",
        },
        {
            trigger: ".modal .o_postmaster_close",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_list_view",
        },
    ],
});

/** Opens the received email from a message of a conversation. */
registry.category("web_tour.tours").add("mail_postmaster_from_message", {
    steps: () => [
        {
            trigger: ".o-mail-Message:contains('Hello')",
            run: "hover && click .o-mail-Message:contains('Hello') [title='Expand']",
        },
        {
            trigger: ".o-dropdown-item:contains('Received Mail')",
            run: "click",
        },
        {
            trigger: ".o_form_view .alert-success:contains('Created a record')",
        },
    ],
});

/** Reads behind the envelope why a message bounced, and that another one was read. */
registry.category("web_tour.tours").add("mail_postmaster_reports", {
    steps: () => [
        {
            content: "The envelope is red",
            trigger: ".o-mail-Message-notification.text-danger",
            run: "click",
        },
        {
            trigger:
                ".o-mail-MessageNotificationPopover div:contains('Lost Customer') .o_postmaster_note:contains('Not delivered: the mailbox does not exist. mx.example.org responded: 550-5.1.1')",
        },
        {
            trigger:
                ".o-mail-MessageNotificationPopover div:contains('Reading Customer') .o_postmaster_note:contains('Read (')",
        },
    ],
});

/** Sees why a sender may be forged, and finds such messages in the log. */
registry.category("web_tour.tours").add("mail_postmaster_sender", {
    steps: () => [
        {
            content: "A message without an author is marked",
            trigger:
                ".o-mail-Message:contains('Forged') .o_postmaster_doubt[title^='The sender is not authenticated: DMARC failed for customer.test.']",
        },
        {
            content: "A message of an authenticated sender is not marked",
            trigger: ".o-mail-Message:contains('Genuine'):not(:has(.o_postmaster_doubt))",
            run: "hover && click .o-mail-Message:contains('Forged') [title='Expand']",
        },
        {
            trigger: ".o-dropdown-item:contains('Received Mail')",
            run: "click",
        },
        {
            content: "The log shows the result of sender authentication",
            trigger: ".o_form_view [name='authentication']:contains('Authentication failed')",
        },
        {
            trigger: ".nav-link:contains('Sender')",
            run: "click",
        },
        {
            trigger: "[name='authentication_lines']:contains('dmarc=fail header.from=customer.test')",
        },
    ],
});
