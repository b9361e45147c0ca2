using System.Text.Json;

namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>Reads the bounds of the queue, of alerts and of jobs, and who may administer.</summary>
internal sealed class SettingsReader(MistakeList mistakes, SecretReader secrets)
{
    private const decimal MostCommentSeconds = 600;
    private const decimal MostWaitSeconds = 7 * 24 * 3600;
    private const decimal MostKeepHours = 366 * 24;
    private const long MostWaiting = 10_000_000;
    private const long MostRecordMegabytes = 1_000_000;
    private const long MostWaitingBytes = 1_000_000_000_000;

    public QueueConfiguration Queue(ObjectReader root)
    {
        var usual = new QueueConfiguration();
        if (root.Inner("queue", Shapes.Queue) is not { } reader)
        {
            return usual;
        }

        var waits = reader.Inner("maxWaitSeconds", Shapes.MaxWait);
        var queue = usual with
        {
            MaxWaitInteractive = Span(waits?.Number("interactive", 0, MostWaitSeconds), usual.MaxWaitInteractive),
            MaxWaitStandard = Span(waits?.Number("standard", 0, MostWaitSeconds), usual.MaxWaitStandard),
            MaxWaitBackground = Span(waits?.Number("background", 0, MostWaitSeconds), usual.MaxWaitBackground),
            MaxWaiting = (int)(reader.Whole("maxWaiting", 1, MostWaiting) ?? usual.MaxWaiting),
            CommentEvery = Span(reader.Number("commentEverySeconds", 0, MostCommentSeconds), usual.CommentEvery),
            MaxWaitingBytes = reader.Whole("maxWaitingBytes", QueueConfiguration.LeastWaitingBytes, MostWaitingBytes),
            StandardFloor = (double)(reader.Number("standardFloor", 0, 1) ?? (decimal)usual.StandardFloor),
            BackgroundFloor = (double)(reader.Number("backgroundFloor", 0, 1) ?? (decimal)usual.BackgroundFloor),
        };
        if (queue.StandardFloor + queue.BackgroundFloor >= 1)
        {
            var name = reader.Has("backgroundFloor") ? "backgroundFloor" : "standardFloor";
            mistakes.Add(
                reader.At(name),
                $"floors of {(decimal)queue.StandardFloor} and {(decimal)queue.BackgroundFloor} that leave nothing to interactive calls",
                "write a standardFloor and a backgroundFloor that add up to less than 1");
        }

        return queue;
    }

    public AlertConfiguration Alerts(ObjectReader root)
    {
        var usual = new AlertConfiguration();
        if (root.Inner("alerts", Shapes.Alerts) is not { } reader)
        {
            return usual;
        }

        var alerts = new AlertConfiguration
        {
            WarnAt = (double)(reader.Number("warnAt", 0, 1, aboveLeast: true) ?? (decimal)usual.WarnAt),
            ActAt = (double)(reader.Number("actAt", 0, 1, aboveLeast: true) ?? (decimal)usual.ActAt),
            Webhook = reader.Text("webhook"),
            WebhookSecret = secrets.Secret(reader, "webhookSecret"),
        };
        CheckWebhook(reader, alerts);
        if (alerts.ActAt <= alerts.WarnAt)
        {
            mistakes.Add(
                reader.At(reader.Has("actAt") ? "actAt" : "warnAt"),
                $"actAt of {(decimal)alerts.ActAt}, not above warnAt of {(decimal)alerts.WarnAt}",
                "write an actAt above warnAt");
        }

        return alerts;
    }

    public AdminConfiguration Admin(ObjectReader root) => root.Inner("admin", Shapes.Admin) is { } reader
        ? new AdminConfiguration { Keys = new KeyReader(mistakes, secrets, Shapes.AdminKey, KeyUse.Look, KeyUse.Change).Read(reader, "keys") }
        : new AdminConfiguration();

    public JobConfiguration Jobs(ObjectReader root)
    {
        var usual = new JobConfiguration();
        if (root.Inner("jobs", Shapes.Jobs) is not { } reader)
        {
            return usual;
        }

        var jobs = usual with
        {
            MaxRunning = (int)(reader.Whole("maxRunning", 4, 100_000) ?? usual.MaxRunning),
            MaxWaiting = (int)(reader.Whole("maxWaiting", 1, MostWaiting) ?? usual.MaxWaiting),
            MaxCalls = (int)(reader.Whole("maxCalls", 1, 1_000_000) ?? usual.MaxCalls),
            Deadline = Span(reader.Number("deadlineSeconds", 0, MostWaitSeconds, aboveLeast: true), usual.Deadline),
            KeepResults = reader.Number("keepResultsHours", 0, MostKeepHours, aboveLeast: true) is { } hours
                ? TimeSpan.FromHours((double)hours)
                : usual.KeepResults,
            WebhookSecret = secrets.Secret(reader, "webhookSecret"),
            WebhooksToPrivateNetworks = reader.Truth("webhooksToPrivateNetworks") ?? usual.WebhooksToPrivateNetworks,
        };
        if (jobs.MaxCalls > jobs.MaxWaiting)
        {
            mistakes.Add(
                reader.At(reader.Has("maxCalls") ? "maxCalls" : "maxWaiting"),
                $"maxCalls of {jobs.MaxCalls}, above maxWaiting of {jobs.MaxWaiting}",
                "write a maxCalls of at most maxWaiting: a larger job could never be taken");
        }

        return jobs;
    }

    public RecordConfiguration? Record(ObjectReader root)
    {
        if (root.Inner("record", Shapes.Record) is not { } reader)
        {
            return null;
        }

        var file = reader.Text("file", required: true);
        var key = secrets.Secret(reader, "key", required: true);
        if (key is { Length: < RecordConfiguration.LeastKey })
        {
            mistakes.Add(reader.At("key"), $"a key of {key.Length} characters", $"set one of at least {RecordConfiguration.LeastKey}, so that nobody finds names out by trying");
        }

        return new RecordConfiguration(file ?? string.Empty, key ?? string.Empty)
        {
            MaxBytes = (reader.Whole("maxMegabytes", 1, MostRecordMegabytes) ?? RecordConfiguration.UsualMegabytes) * RecordConfiguration.Megabyte,
        };
    }

    private void CheckWebhook(ObjectReader reader, AlertConfiguration alerts)
    {
        if (alerts.Webhook is { } address && WebhookAddress.Fault(address, privateNetworks: true) is not null)
        {
            mistakes.Add(reader.At("webhook"), MistakeList.Quote(address), "write an http:// or https:// address without a user name or password");
        }

        if (alerts.Webhook is not null && !reader.Has("webhookSecret"))
        {
            mistakes.Add(reader.At("webhook"), "no webhookSecret", "write a webhookSecret beside it: what is sent is signed with it");
        }
    }

    private static TimeSpan Span(decimal? seconds, TimeSpan usual) => seconds is { } value ? TimeSpan.FromSeconds((double)value) : usual;
}

/// <summary>Reads which pages may call from a browser.</summary>
internal static class CorsReader
{
    private const string Any = "*";

    public static IReadOnlyList<string> Read(ObjectReader root, MistakeList mistakes)
    {
        var origins = new List<string>();
        if (root.Inner("cors", Shapes.Cors) is not { } reader)
        {
            return origins;
        }

        foreach (var (path, element) in reader.List("origins", required: true))
        {
            if (element.ValueKind != JsonValueKind.String || element.GetString() is not { } text || Origin(text) is not { } origin)
            {
                mistakes.Add(path, MistakeList.Show(element), "write a scheme and a host, for example \"https://app.example\", without a path, or \"*\"");
            }
            else
            {
                origins.Add(origin);
            }
        }

        return origins;
    }

    /// <summary>The origin as browsers write it; null where the text is none.</summary>
    private static string? Origin(string text) =>
        text == Any ? Any
        : Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            && address is { PathAndQuery: "/", Fragment: "", UserInfo: "" } && !text.EndsWith('/')
            ? address.GetLeftPart(UriPartial.Authority)
            : null;
}

/// <summary>Reads the bounds of the usage ledger.</summary>
internal static class UsageReader
{
    private const int MostHoursDays = 400;
    private const int MostDays = 3660;
    private const int FewestRows = 1_000;
    private const int MostRows = 100_000_000;

    public static UsageConfiguration Read(ObjectReader root, MistakeList mistakes)
    {
        var usual = new UsageConfiguration();
        if (root.Inner("usage", Shapes.Usage) is not { } reader)
        {
            return usual;
        }

        var usage = usual with
        {
            KeepHours = Days(reader.Whole("keepHoursDays", 1, MostHoursDays)) ?? usual.KeepHours,
            KeepDays = Days(reader.Whole("keepDays", 1, MostDays)) ?? usual.KeepDays,
            MaxRows = (int)(reader.Whole("maxRows", FewestRows, MostRows) ?? usual.MaxRows),
        };
        if (usage.KeepHours > usage.KeepDays)
        {
            mistakes.Add(
                reader.At(reader.Has("keepDays") ? "keepDays" : "keepHoursDays"),
                $"keepDays of {usage.KeepDays.Days}, below keepHoursDays of {usage.KeepHours.Days}",
                "write a keepDays of at least keepHoursDays");
        }

        return usage;
    }

    private static TimeSpan? Days(long? days) => days is { } value ? TimeSpan.FromDays(value) : null;
}
