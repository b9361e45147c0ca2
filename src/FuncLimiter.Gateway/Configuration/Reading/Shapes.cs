namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Every object that a configuration may hold, with every member that is known of it.</summary>
internal static class Shapes
{
    private const string WholeNumber = "a whole number of at least 1";
    private const string SecretText = "\"${NAME}\", and set the environment variable NAME";
    private const string Share = "a number from 0 to 1";
    private const string Seconds = "a number of seconds";

    private const string PathPatterns = "a list of paths, * at the end for any ending, for example [\"/v1/files*\"]";
    private const string SharedLimitIds = "a list of ids of sharedLimits, for example [\"openai-org\"]";

    private static readonly Member[] KeyTerms =
    [
        new Member("hash", "the key's hash, as \"sha256:\" and 64 hexadecimal digits, or \"${NAME}\"") { Secret = true },
        new Member("prefix", "how the key begins, at most 16 letters, digits, '.', '_' and '-', for example \"fl-acme-ci\""),
        new Member("expires", "the last day on which it is taken, for example \"2027-06-30\""),
    ];

    public static readonly Shape Root = new(
        "the configuration",
        new Member("$schema", "the address of the schema as a text"),
        new Member("accounts", "a list of at least one account"),
        new Member("prices", "\"shipped\", or the name of a file of prices in the same form"),
        new Member("sharedLimits", "a list of limits that accounts share, for example [{ \"id\": \"openai-org\", \"limits\": { \"tpm\": 2000000 } }]"),
        new Member("routes", "a list of routes"),
        new Member("tenants", "a list of tenants"),
        new Member("budgets", "a list of budgets, for example [{ \"for\": \"run\", \"usd\": 1 }]"),
        new Member("queue", "an object with the queue's bounds"),
        new Member("alerts", "an object with warnAt, actAt and webhook"),
        new Member("jobs", "an object with the bounds of jobs"),
        new Member("usage", "an object with how long usage is kept"),
        new Member("record", "an object with file and key, for example { \"file\": \"record.jsonl\", \"key\": \"${RECORD_KEY}\" }"),
        new Member("admin", "an object with keys"),
        new Member("cors", "an object with origins"));

    public static readonly Shape Account = new(
        "an account",
        new Member("id", "a unique name of letters, digits, '.', '_' and '-', for example \"openai-east\""),
        new Member("provider", "a provider's id, for example \"openai\""),
        new Member("region", "the region as a text"),
        new Member("endpoint", "the base address, for example \"https://api.openai.com\""),
        new Member("auth", "\"key\", or \"entra\" for azure-openai, \"aws\" for bedrock, \"google\" for vertex"),
        new Member("identity", "an object that says whose credential opens the account, for example { \"profile\": \"prod\" }"),
        new Member("apiKey", SecretText) { Secret = true },
        new Member("apiKeyFile", "the path of a file that holds the key and nothing else, for example \"/run/secrets/openai\""),
        new Member("limits", "an object with limits, for example { \"rpm\": 600 }"),
        new Member("sharedLimits", SharedLimitIds),
        new Member("limitSource", "an object with where its limits are read from"),
        new Member("batch", "an object, {} for the usual, to use the provider's batch service"),
        new Member("models", "a list of at least one model, for example [{ \"model\": \"gpt-x\" }]"),
        new Member("paths", PathPatterns),
        new Member("termsChecked", "true once you have checked that the provider's terms let several organizations share this key"));

    public static readonly Shape LimitSource = new(
        "where limits are read from",
        new Member("adminKey", SecretText) { Secret = true },
        new Member("project", "the project's id as a text, for example \"proj_abc\""),
        new Member("workspace", "the workspace's id as a text, for example \"wrkspc_abc\""),
        new Member("resource", "the resource's id, \"/subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.CognitiveServices/accounts/NAME\""),
        new Member("location", "the location's name in small letters, for example \"eastus\""),
        new Member("endpoint", "the base address, for example \"https://api.openai.com\""),
        new Member("everySeconds", "a number of seconds of at least 1"));

    public static readonly Shape Identity = new(
        "an identity",
        new Member("profile", "the name of a profile of the AWS SDK's shared files"),
        new Member("role", "a role's ARN, for example \"arn:aws:iam::123456789012:role/funclimiter\""),
        new Member("externalId", "the external id that the role asks for, as a text"),
        new Member("file", "the path of a service account's or a workload identity's JSON file"));

    public static readonly Shape SharedLimit = new(
        "a shared limit",
        new Member("id", "a unique name of letters, digits, '.', '_' and '-', for example \"openai-org\""),
        new Member("limits", "an object with limits, for example { \"tpm\": 2000000 }"));

    public static readonly Shape Batch = new(
        "batch",
        new Member("minDeadlineSeconds", "a number of seconds of at least 60: how far a call's deadline must be"),
        new Member("reserveSeconds", Seconds),
        new Member("collectSeconds", Seconds),
        new Member("pollSeconds", "a number of seconds of at least 1"),
        new Member("minCalls", WholeNumber),
        new Member("maxCalls", WholeNumber),
        new Member("maxBytes", "a whole number of at least 1024"),
        new Member("maxQueuedTokens", WholeNumber));

    public static readonly Shape Model = new(
        "a model",
        new Member("model", "the model's name at the provider"),
        new Member("limits", "an object with limits, for example { \"rpm\": 600 }, or \"auto\""),
        new Member("sharedLimits", SharedLimitIds),
        new Member("price", "an object with input and output prices in US dollars per million tokens"),
        new Member("tier", "a name of letters, digits, '.', '_' and '-', for example \"small\""));

    public static readonly Shape Price = new(
        "a price",
        new Member("input", "US dollars per million input tokens, at least 0"),
        new Member("cachedInput", "US dollars per million cached input tokens, at least 0"),
        new Member("cacheWrite", "US dollars per million input tokens written to a cache, at least 0"),
        new Member("output", "US dollars per million output tokens, at least 0"),
        new Member("batchDiscount", "a number from 0 to 1: the share taken off for calls through the batch service"));

    public static readonly Shape Limits = new(
        "limits",
        new Member("rpm", $"{WholeNumber}: requests per minute"),
        new Member("tpm", $"{WholeNumber}: tokens per minute"),
        new Member("itpm", $"{WholeNumber}: input tokens per minute"),
        new Member("otpm", $"{WholeNumber}: output tokens per minute"),
        new Member("rpd", $"{WholeNumber}: requests per day"),
        new Member("tpd", $"{WholeNumber}: tokens per day"),
        new Member("concurrent", $"{WholeNumber}: calls under way at once"),
        new Member("burstSeconds", "a number above 0 and at most 60: seconds of refill that a full bucket holds"),
        new Member("sliceSeconds", "a whole number from 0 to 30: seconds that may hold only their part of rpm, 0 for none"),
        new Member("algorithm", "\"bucket\", \"sliding\" or \"fixed\""));

    public static readonly Shape ConsumerLimits = new(
        "limits of tenants and users",
        [.. Limits.Members, new Member("usdPerDay", "a number from 0.01 to 1,000,000: US dollars per day in UTC")]);

    public static readonly Shape ModelLimits = new(
        "limits of a tenant on one route",
        [new Member("model", "a route's name, for example \"gpt-x\""), .. ConsumerLimits.Members]);

    public static readonly Shape Route = new(
        "a route",
        new Member("model", "the name that agents ask for"),
        new Member("targets", "a list of at least one deployment as \"account/model\""),
        new Member("fallback", "a list of deployments as \"account/model\", or of other routes' names"),
        new Member("smaller", "a list of smaller models' deployments as \"account/model\""),
        new Member("simple", "a list of rules, for example [{ \"step\": \"classify\" }]"));

    public static readonly Shape Simple = new(
        "a rule for simple work",
        new Member("workflow", "a workflow's name, * at its end for any ending"),
        new Member("step", "a step's name, * at its end for any ending"),
        new Member("maxInputTokens", $"{WholeNumber}: the longest prompt in tokens"),
        new Member("when", "\"pressure\" or \"always\""));

    public static readonly Shape Tenant = new(
        "a tenant",
        new Member("id", "a unique name of letters, digits, '.', '_' and '-', for example \"acme\""),
        new Member("keys", "a list of at least one key's hash, as \"sha256:\" and 64 hexadecimal digits, or of \"${NAME}\", or an object with it and its terms") { Secret = true },
        new Member("weight", "a number above 0, its share against other tenants"),
        new Member("limits", "an object with limits, for example { \"tpm\": 50000 }"),
        new Member("userLimits", "an object with the limits of each user, for example { \"rpm\": 60 }"),
        new Member("highestPriority", "\"interactive\", \"standard\" or \"background\""),
        new Member("modelLimits", "a list of limits on single routes, for example [{ \"model\": \"gpt-x\", \"tpm\": 50000 }]"),
        new Member("models", "a list of at least one route's name, for example [\"gpt-x\"]"),
        new Member("allow", "an object with providers, regions and accounts"),
        new Member("organization", "the organization's name"),
        new Member("reportsLimits", "true to believe what its settlements tell of providers' limits, else false"),
        new Member("webhookSecret", SecretText) { Secret = true });

    public static readonly Shape Key = new(
        "a key",
        [.. KeyTerms, new Member("scope", "a list of at least one of \"calls\", \"jobs\", \"reservations\" and \"usage\"")]);

    public static readonly Shape Allow = new(
        "what a tenant may use",
        new Member("providers", "a list of providers' ids"),
        new Member("regions", "a list of regions"),
        new Member("accounts", "a list of accounts' ids"),
        new Member("paths", PathPatterns));

    public static readonly Shape Queue = new(
        "the queue",
        new Member("maxWaitSeconds", "an object with interactive, standard and background"),
        new Member("maxWaiting", $"{WholeNumber}: calls that may wait"),
        new Member("commentEverySeconds", "a number of seconds, 0 to 600"),
        new Member("maxWaitingBytes", "a whole number of at least 67108864: bytes that their bodies may hold"),
        new Member("standardFloor", Share),
        new Member("backgroundFloor", Share));

    public static readonly Shape MaxWait = new(
        "the longest waits",
        new Member("interactive", Seconds),
        new Member("standard", Seconds),
        new Member("background", Seconds));

    public static readonly Shape Alerts = new(
        "alerts",
        new Member("warnAt", Share),
        new Member("actAt", Share),
        new Member("webhook", "the http:// or https:// address that is told of alerts"),
        new Member("webhookSecret", SecretText) { Secret = true });

    public static readonly Shape Admin = new(
        "the administration",
        new Member("keys", "a list of at least one key's hash, as \"sha256:\" and 64 hexadecimal digits, or of \"${NAME}\", or an object with it and its terms") { Secret = true });

    public static readonly Shape AdminKey = new(
        "an admin key",
        [.. KeyTerms, new Member("scope", "a list of at least one of \"look\" and \"change\"")]);

    public static readonly Shape Cors = new(
        "what browsers may do",
        new Member("origins", "a list of origins as browsers name them, for example [\"https://app.example\"], or [\"*\"]"));

    public static readonly Shape Budget = new(
        "a budget",
        new Member("for", "\"tenant\", \"user\", \"workflow\", \"run\", \"account\" or \"model\""),
        new Member("name", "the name of the tenant, user, workflow, account or model that it is for"),
        new Member("tenant", "the id of the tenant whose users, workflows or runs it is for"),
        new Member("per", "\"hour\", \"day\", \"week\" or \"month\""),
        new Member("timeZone", "the name of a time zone, for example \"Europe/Berlin\""),
        new Member("usd", "a number from 0.000001 to 1,000,000: US dollars"),
        new Member("tokens", $"{WholeNumber}: tokens, input and output together"),
        new Member("calls", $"{WholeNumber}: calls"),
        new Member("seconds", "a number of seconds above 0 and at most 2,592,000: how long a run may last"),
        new Member("keepForClosing", "a number from 0 to 0.9: the share that is kept for a run's closing call"),
        new Member("waitForRaiseSeconds", "a number of seconds from 0 to 604,800: how long a run's call waits for somebody to raise it"),
        new Member("action", "\"refuse\" or \"warn\""));

    public static readonly Shape Jobs = new(
        "jobs",
        new Member("maxRunning", "a whole number of at least 4"),
        new Member("maxWaiting", WholeNumber),
        new Member("maxCalls", WholeNumber),
        new Member("deadlineSeconds", Seconds),
        new Member("keepResultsHours", "a number of hours"),
        new Member("webhookSecret", SecretText) { Secret = true },
        new Member("webhooksToPrivateNetworks", "true or false"));

    public static readonly Shape Usage = new(
        "usage",
        new Member("keepHoursDays", "a number of days"),
        new Member("keepDays", "a number of days, not below keepHoursDays"),
        new Member("maxRows", "a whole number of at least 1,000: rows of the ledger by the hour"));

    public static readonly Shape Record = new(
        "the record",
        new Member("file", "the name of a file, for example \"record.jsonl\""),
        new Member("key", SecretText) { Secret = true },
        new Member("maxMegabytes", "a whole number from 1 to 1,000,000: the most that the record may take on disk"));

    /// <summary>All of them, by the name that the schema has for each.</summary>
    public static readonly IReadOnlyDictionary<string, Shape> All = new Dictionary<string, Shape>
    {
        ["root"] = Root,
        ["account"] = Account,
        ["limitSource"] = LimitSource,
        ["identity"] = Identity,
        ["sharedLimit"] = SharedLimit,
        ["batch"] = Batch,
        ["model"] = Model,
        ["price"] = Price,
        ["limits"] = Limits,
        ["consumerLimits"] = ConsumerLimits,
        ["modelLimits"] = ModelLimits,
        ["route"] = Route,
        ["simple"] = Simple,
        ["tenant"] = Tenant,
        ["budget"] = Budget,
        ["key"] = Key,
        ["allow"] = Allow,
        ["queue"] = Queue,
        ["maxWaitSeconds"] = MaxWait,
        ["alerts"] = Alerts,
        ["jobs"] = Jobs,
        ["usage"] = Usage,
        ["record"] = Record,
        ["admin"] = Admin,
        ["adminKey"] = AdminKey,
        ["cors"] = Cors,
    };
}

/// <summary>One member that an object may have.</summary>
/// <param name="Name">The member's name.</param>
/// <param name="Wanted">What to write there, as the end of the sentence "write ...".</param>
internal sealed record Member(string Name, string Wanted)
{
    /// <summary>True where the value must never be shown.</summary>
    public bool Secret { get; init; }
}

/// <summary>The members that one kind of object in the configuration may have.</summary>
internal sealed record Shape(string Name, params IReadOnlyList<Member> Members)
{
    public Member this[string name] =>
        Members.FirstOrDefault(member => member.Name == name) ?? throw new ArgumentException($"{Name} has no member {name}.", nameof(name));
}
