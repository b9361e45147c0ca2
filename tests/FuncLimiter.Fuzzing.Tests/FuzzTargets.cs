using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using FuncLimiter.Core;
using FuncLimiter.Core.Budgets;
using FuncLimiter.Core.Leasing;
using FuncLimiter.Core.Scheduling;
using FuncLimiter.Functions.Entities;
using FuncLimiter.Functions.Storage;
using FuncLimiter.Functions.Storage.Usage;
using FuncLimiter.Functions.Triggers;
using FuncLimiter.Gateway.Calls;
using FuncLimiter.Gateway.Calls.Admission;
using FuncLimiter.Gateway.Calls.Codings;
using FuncLimiter.Gateway.Calls.Reservations;
using FuncLimiter.Gateway.Configuration;
using FuncLimiter.Gateway.Http.Authentication;
using FuncLimiter.Gateway.Http.Endpoints;
using FuncLimiter.Gateway.Http.Jobs;
using FuncLimiter.Gateway.Http.Requests;
using FuncLimiter.Gateway.Operations.Admin;
using FuncLimiter.Gateway.Operations.Usage;
using FuncLimiter.Gateway.Tests.Configuration;
using FuncLimiter.Providers;
using FuncLimiter.Providers.Dialects;
using FuncLimiter.Providers.Passing;
using FuncLimiter.Providers.Responses;
using FuncLimiter.Providers.Tests.Fixtures;
using FuncLimiter.Providers.Translation;
using FuncLimiter.Providers.Translation.Anthropic;
using FuncLimiter.Server.Importing;
using FuncLimiter.Server.Storage;
using FuncLimiter.WhatIf.Planning;
using FuncLimiter.WhatIf.Virtual.Reading;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace FuncLimiter.Fuzzing.Tests;

/// <summary>Every parser that reads what others wrote.</summary>
internal static class FuzzTargets
{
    private const string Scope = "account:openai-east";
    private const string Deployment = "deployment:openai-east/gpt-x";

    private static readonly DateTimeOffset Now = new(2026, 9, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly GatewayConfiguration Configuration = Sample.Valid(Sample.Json);
    private static readonly LeaseSource Source = new(Configuration, new LeasePolicy());
    private static readonly Provider[] Providers = [.. ProviderCatalog.Ids.Select(ProviderCatalog.Get)];
    private static readonly Authenticator Keys = new(Configuration, new GatewayOptions(), new TenantKeys(Configuration.Tenants), TimeProvider.System);
    private static readonly UsageQueryReader Questions = new(Configuration.Usage);

    private static readonly string[] Chats =
    [
        """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"max_tokens":50}""",
        """{"model":"gpt-x","messages":[{"role":"system","content":"Be short."},{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]}],"stream":true,"stream_options":{"include_usage":false},"n":2,"temperature":0.5}""",
        """{"model":"gpt-x","messages":[{"role":"user","content":"Oslo?"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},{"role":"tool","tool_call_id":"call_1","content":"5 degrees"}],"tools":[{"type":"function","function":{"name":"weather","description":"Tells it.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]},"strict":true}}],"tool_choice":"auto","parallel_tool_calls":false,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"object","properties":{"b":{"anyOf":[{"type":"string"},{"type":"null"}]}},"additionalProperties":false}}},"stop":["x"],"max_completion_tokens":9}""",
        """{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","requ\ud800red":1}}}]}""",
        """{"model":"gpt-x","input":"Say hi.","max_output_tokens":10,"stream":true,"previous_response_id":"resp_1"}""",
        """{"model":"emb","input":["a","b"],"dimensions":3}""",
        """{"model":"claude-x","max_tokens":50,"system":[{"type":"text","text":"Be short.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},"thinking":{"type":"enabled","budget_tokens":1024}}""",
        """{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":5,"candidateCount":2}}""",
        """{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":9}}""",
    ];

    // What earlier runs found.
    private static readonly string[] FoundAnswers =
    [
        "429\ncontent-type: application/json\n\n" + """[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retry\ud800Delay":"34s"}]}}]""",
        "429\ncontent-type: application/json\n\n" + """{"error":{"code":429,"message":"x","metadata":{"headers":{"X-RateLimit-\udc00Reset":"1"}}}}""",
    ];

    private static readonly string[] Jobs =
    [
        """{"path":"/v1/chat/completions","body":{"model":"gpt-x","messages":[{"role":"user","content":"Hi"}]},"priority":"background","user":"ann","workflow":"w","step":"s","run":"r","deadlineSeconds":600,"webhook":"https://hooks.example.com/x","headers":{"openai-beta":"a"}}""",
        """[{"path":"/v1/messages","body":{"model":"claude-x","max_tokens":5,"messages":[]}},{"path":"/v1/embeddings","body":{"model":"e","input":"x"}}]""",
    ];

    private static readonly string[] Forms =
    [
        "--boundary\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\ngpt-x\r\n--boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\nContent-Type: application/jsonl\r\n\r\n{}\r\n--boundary--\r\n",
    ];

    private static readonly string[] Asked =
    [
        "POST /v1/images/generations", "POST /openai/deployments/gpt-x/images/edits", "GET /v1/files/file-1/content", "POST /v1/models/gemini:generateContent", "POST /model/nova/converse-stream",
        "POST /v1beta1/projects/p/locations/l/publishers/google/models/m:streamGenerateContent", "DELETE /v1/responses/resp_1", "POST /v1/messages/batches", "POST /upload/v1beta/files", "GET /v1/%2e%2e/x",
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("requests", Bytes(Chats), Request),
        new("passed-bodies", Bytes([.. Chats, .. Forms]), Passed),
        new("passed-paths", Bytes(Asked), Path),
        new("request-translations", Bytes(Chats), TranslatedRequest),
        new("provider-answers", [.. Fixtures().Select(fixture => fixture.Answer), .. Bytes(FoundAnswers)], ProviderAnswer),
        new("provider-streams", [.. Fixtures().Where(fixture => fixture.IsStream).Select(fixture => fixture.Body)], ProviderStream),
        new("aws-frames", [.. Frames()], AwsFrames),
        new("answer-translations", [.. Fixtures().Where(fixture => !fixture.IsStream && fixture.Body.Length > 0).Select(fixture => fixture.Body)], TranslatedAnswer),
        new("stream-translations", [.. Fixtures().Where(fixture => fixture.IsStream).Select(fixture => fixture.Body), .. Frames()], TranslatedStream),
        new("configuration", Bytes([Sample.Json]), input => Read(ConfigurationReader.Read(input, Sample.Environment))),
        new("volumes", Files("volumes.sample.json"), input => VolumesReader.Read(input, Configuration, out _)),
        new("fleets", Files("fleet.sample.json", "million.sample.json"), input => FleetReader.Read(input, Configuration, out _)),
        new("litellm-configurations", Bytes(["model_list:\n  - model_name: gpt-4o\n    litellm_params:\n      model: azure/gpt-4o-eu\n      api_base: https://contoso-eu.openai.azure.com/\n      api_key: os.environ/AZURE_API_KEY_EU\n      rpm: 480\n      tpm: 100000\n    model_info: { input_cost_per_token: 0.0000025 }\n  - model_name: gpt-4o\n    litellm_params: { model: openai/gpt-4o, rpm: 500, order: 2 }\nrouter_settings:\n  model_group_alias: { gpt-4: gpt-4o }\nlitellm_settings:\n  fallbacks: [{ gpt-4o: [claude] }]\ngeneral_settings: { master_key: sk-1 }\n", "model_list:\n  - model_name: a\n    litellm_params: { model: openai/a, {}: 1 }\n"]), LiteLlm),
        new("jobs", Bytes(Jobs), input => Job(input)),
        new("service-bus-messages", Bytes([.. Jobs.Select(job => $"Authorization: Bearer fl-key\nX-Tenant: acme\n\n{job}"), "x-api-key: \u00e9\n\n"]), Message),
        new("headers", Bytes(["Prefer: wait=5, respond-async\nX-Priority: standard\nX-User: ann\nX-Workflow: w\nX-Tier: small\nIdempotency-Key: k1\nAuthorization: Bearer fl-key\nContent-Encoding: gzip, br\nOrigin: https://a.example\nHost: localhost:5000\nSec-Fetch-Site: none"]), Headers),
        new("usage-questions", Bytes(["?by=tenant,workflow&from=2026-08-01&to=2026-08-31T12:00:00Z&interval=day&limit=10&tenant=acme&format=csv", "?after=WyI2Mzg5MDAwMDAwMDAwMDAwMDAiLCJhY21lIl0&by=tenant"]), Question),
        new("operators-asks", Bytes(["""{"scope":"deployment:openai-east/gpt-x","seconds":30,"reason":"x"}""", """{"scope":"account:a","dimension":"tokens","windowSeconds":60,"amount":5}""", """{"tenant":"acme","weight":2}""", """{"tenant":"acme","hash":"sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"}"""]), Ask),
        new("reservations", Bytes(["""{"model":"gpt-x","inputTokens":100,"outputTokens":20,"priority":"background","user":"ann","maxWaitSeconds":3,"ttlSeconds":60}""", """{"status":429,"headers":{"retry-after":"7"},"body":{"error":{"message":"x"}},"usage":{"inputTokens":90,"outputTokens":5}}"""]), Reservation),
        new("codings", [.. Coded()], Coding),
        new("entity-states", [.. EntityStates()], EntityState),
        new("entity-states-packed", [.. EntityStates().Select(Pack)], input => Reopen(new OwnerState { At = Now, Packed = input })),
        new("budget-states", [.. BudgetStates()], BudgetRow),
        new("stored-rows", Bytes(["""[["openai-beta","a"],["x","y"]]""", """["ann","w","s","r","Small"]""", """{"InputTokens":5,"OutputTokens":7}""", "acme\nlane"]), StoredRow),
        new("table-rows", Bytes(["At=t:2026-09-01T12:00:00Z\nTenant=acme\nPriority=Background\nIsBatch=b:true\nCalls=5\nCostPicoUsd=9223372036854775807\nLeg=3\nWakeAt=t:2026-09-01T12:00:00Z\nCuts=1\nEndedAt=t:2026-09-01T12:00:00Z\nState=2\nStatus=200"]), TableRow),
    ];

    private static void Request(byte[] input)
    {
        foreach (var operation in Enum.GetValues<Operation>())
        {
            if (!RequestReader.TryRead(operation, input, null, out var facts, out var problem))
            {
                That(problem is { Message.Length: > 0, Status: >= 400 and < 500 }, "a problem says what is wrong");
                continue;
            }

            That(facts.MaxOutputTokens is null or >= 0 && facts.Choices >= 1 && facts.TextBytes >= 0, "nothing counts below nothing");
            var renamed = RequestRewriter.WithModel(input, facts, "other \"model\"");
            That(RequestReader.TryRead(operation, renamed.Span, null, out var again, out _) && again.Model == "other \"model\"" && again.TextBytes == facts.TextBytes && again.Stream == facts.Stream,
                "with another model it is the same request");
            var asking = RequestRewriter.WithStreamUsage(input, facts, out var hide);
            That(!hide || (RequestReader.TryRead(operation, asking.Span, null, out again, out _) && !RequestRewriter.WithStreamUsage(asking, again, out _).Equals(null)), "asked for its usage it is still one");
        }
    }

    private static void Passed(byte[] input)
    {
        foreach (var (method, path, type) in new[] { ("POST", "/v1/images/edits", "multipart/form-data; boundary=boundary"), ("POST", "/v1/images/generations", "application/json"), ("POST", "/model/nova/converse", null) })
        {
            var found = PassedPaths.Find(method, path, isAnthropic: false)!;
            PassedBody.TryRead(found, input, type, out var facts, out var model, out var problem);
            That(problem is not null || (model.Offset >= 0 && model.Offset + model.Length <= input.Length), "a model stands within its body");
            That(facts.Choices >= 1, "nothing counts below nothing");
        }

        FormFields.Read(input, "multipart/form-data; boundary=" + Text(input)[..Math.Min(60, Text(input).Length)]);
    }

    private static void Path(byte[] input)
    {
        // What follows these is no part of a path any more when a server has read it.
        var parts = Text(input).Split('?', '#')[0].Split(' ', 2);
        foreach (var anthropic in new[] { false, true })
        {
            if (parts.Length == 2 && PassedPaths.Find(parts[0], parts[1], anthropic) is { } path)
            {
                var at = path.At("m/\u00e9 ?#");
                That(at.StartsWith('/') && !at.Contains("/../", StringComparison.Ordinal) && !at.StartsWith("//", StringComparison.Ordinal) && !at.Contains('?') && !at.Contains('#'), $"{at} is a path of the provider's");
            }
        }
    }

    private static void TranslatedRequest(byte[] input)
    {
        foreach (var operation in new[] { Operation.ChatCompletions, Operation.Messages })
        {
            if (!RequestReader.TryRead(operation, input, null, out _, out _))
            {
                continue;
            }

            var request = TranslatableRequest.Read(operation, input);
            foreach (var wire in Enum.GetValues<Wire>())
            {
                if (CallTranslation.For(operation, wire) is { } translation
                    && translation.Check(request, ProviderCatalog.Get(wire == Wire.Messages ? "anthropic" : wire is Wire.Converse or Wire.HostedMessages ? "bedrock" : wire == Wire.GenerateContent ? "gemini" : "openai")).Count == 0)
                {
                    using var written = JsonDocument.Parse(translation.Write(request, new RequestTerms("m") { Host = HostedMessages.Bedrock }), new JsonDocumentOptions { MaxDepth = 512 });
                }
            }
        }
    }

    private static void ProviderAnswer(byte[] input)
    {
        var (head, body) = Split(input);
        var lines = head.Split('\n');
        var status = int.TryParse(lines[0], CultureInfo.InvariantCulture, out var told) ? told : 200;
        var headers = HeadersOf(lines[1..]);
        foreach (var provider in Providers)
        {
            var reading = provider.Read(status, name => headers.GetValueOrDefault(name), headers.GetValueOrDefault("content-type"), body, Now);
            That(reading.RetryAfterSeconds is null or >= 0, "nobody waits less than nothing");
            That(reading.Observation.RetryAfter is null or { Ticks: >= 0 }, "nobody waits less than nothing");
            That(reading.Observation.Readings.All(limit => limit.Limit is null or >= 0 && limit.Remaining is null or >= 0 && limit.ResetIn is null or { Ticks: >= 0 }), "no limit is below nothing");
            That(reading.Reason != Reasons.Ok || !reading.Retryable, "what went well is not repeated");
        }
    }

    private static void ProviderStream(byte[] input)
    {
        foreach (var provider in Providers)
        {
            var stream = provider.ReadStream();
            foreach (var chunk in Cut(input))
            {
                stream.Append(chunk);
            }

            That(stream.Usage is null or { InputTokens: >= 0, OutputTokens: >= 0 } && stream.CostUsd is null or >= 0, "nothing is used below nothing");
            _ = (stream.Failure, stream.HasContent, stream.LacksEnd, stream.IsFinal);
        }

        var filter = new StreamUsageFilter();
        var output = new ArrayBufferWriter<byte>();
        foreach (var chunk in Cut(input))
        {
            filter.Append(chunk, output);
        }

        filter.Complete(output);
        That(output.WrittenCount <= input.Length, "a filter adds nothing");
    }

    /// <summary>The frames' sums are made right again, so that what stands in them is read.</summary>
    private static void AwsFrames(byte[] input)
    {
        ProviderStream(input);
        var mended = input.ToArray();
        Mend(mended);
        ProviderStream(mended);
        TranslatedStream(mended);
    }

    private static void TranslatedAnswer(byte[] input)
    {
        foreach (var translation in Translations())
        {
            var answer = translation.Answer(input, Terms(stream: false), out var problem);
            That(answer is null != problem is null, "an answer, or why there is none");
            if (answer is not null)
            {
                using var written = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = 512 });
            }
        }
    }

    private static void TranslatedStream(byte[] input)
    {
        foreach (var translation in Translations())
        {
            using var translator = translation.Stream(Dialect.OpenAI, Terms(stream: true))!;
            var output = new ArrayBufferWriter<byte>();
            foreach (var chunk in Cut(input))
            {
                translator.Append(chunk, output);
            }

            translator.Complete(output);
            That(translator.IsEnded, "whoever listens is told the end");
            foreach (var line in Encoding.UTF8.GetString(output.WrittenSpan).Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal)))
            {
                using var written = JsonDocument.Parse(line[6..], new JsonDocumentOptions { MaxDepth = 512 });
            }
        }
    }

    private static void Read(ConfigurationResult result)
    {
        That(result.IsValid == (result.Mistakes.Count == 0), "a configuration, or mistakes");
        That(result.Mistakes.All(mistake => mistake.Path.StartsWith('$') && mistake.Found.Length > 0 && mistake.Fix.Length > 0), "a mistake says where and what to write");
        That(result.Mistakes.All(mistake => !mistake.ToString().Contains(Sample.OpenAIKey, StringComparison.Ordinal)), "no mistake tells a secret");
        if (result.Configuration is { } configuration)
        {
            _ = LimiterSpecs.From(configuration, isDurable: false);
        }
    }

    private static void LiteLlm(byte[] input)
    {
        try
        {
            Read(ConfigurationReader.Read(Encoding.UTF8.GetBytes(new LiteLlmImport().Read(Text(input)).ToJsonString()), _ => "set"));
        }
        catch (FormatException)
        {
            // What the command tells as the reason.
        }
    }

    private static void Job(ReadOnlyMemory<byte> input)
    {
        var isRead = JobRequestReader.TryRead(input, out var request, out var error);
        That(isRead ? request is not null && error is null : error is { Status: >= 400 and < 500 }, "a job, or what is wrong");
    }

    private static void Message(byte[] input)
    {
        var (head, body) = Split(input);
        var properties = HeadersOf(head.Split('\n')).ToDictionary(header => header.Key, header => (object)header.Value, StringComparer.OrdinalIgnoreCase);
        var tenant = new MessageTenants(new TenantGate(Keys)).Find(properties, out var error);
        That(tenant is null != error is null, "a tenant, or what is wrong");
        Job(body);
        That(RequestIntake.HoldFor(input.Length) > TimeSpan.Zero, "who holds back holds back");
    }

    private static void Headers(byte[] input)
    {
        var headers = new HeaderDictionary();
        foreach (var (name, value) in HeadersOf(Text(input).Split('\n')))
        {
            headers[name] = value;
        }

        var tenant = Keys.Authenticate(headers, KeyUse.Calls, out var error);
        That(tenant is null != error is null, "a tenant, or what is wrong");
        That(CallerReader.Read(headers, new AuthenticatedTenant("acme"), out error) is null != error is null, "a caller, or what is wrong");
        That(IdempotencyKeys.TryRead(headers, out _, out error) == error is null, "a key, or what is wrong");
        That(Preferences.Read(headers["Prefer"]).Wait is null or { Ticks: >= 0 }, "nobody waits less than nothing");
        ContentCoding.TryRead(headers["Content-Encoding"], out _, out _);
        BrowserRequest.IsCrossSite(headers);
        BrowserRequest.NamesThisMachine(headers);
        foreach (var value in headers.Values)
        {
            _ = Durations.TryNumber(value.ToString(), out _) || Durations.TryDuration(value.ToString(), out _) || Dates.TryHttp(value.ToString(), out _) || Dates.TryRfc3339(value.ToString(), out _);
        }
    }

    private static void Question(byte[] input)
    {
        var query = new QueryCollection(QueryHelpers.ParseQuery(Text(input)));
        That(Questions.TryRead(query, Now, out var read, out var error) ? read is not null : error is { Status: >= 400 and < 500 }, "a question, or what is wrong");
        UsagePlace.Read(Text(input), 1);
    }

    private static void Ask(byte[] input)
    {
        if (FromJson(input, AdminJson.Default.AdminAsk) is not { } ask)
        {
            return;
        }

        foreach (var path in new[] { "/admin/pauses", "/admin/limits", "/admin/weights", "/admin/revocations" })
        {
            That(AdminAskReader.Read(path, ask, Now, out var error) is null != error is null, "a change, or what is wrong");
        }
    }

    private static void Reservation(byte[] input)
    {
        FromJson(input, ReservationJson.Default.ReservationRequest);
        FromJson(input, ReservationJson.Default.SettlementRequest);
    }

    private static void Coding(byte[] input)
    {
        foreach (var coding in new[] { "gzip", "deflate", "br", "zstd" })
        {
            try
            {
                using var undone = ContentCoding.Undo(new MemoryStream(input), [coding]);
                var (buffer, total) = (new byte[16 * 1024], 0);
                int read;
                while (total < 1024 * 1024 && (read = undone.Read(buffer)) > 0)
                {
                    total += read;
                }
            }
            catch (IOException)
            {
                // What the caller is told as 400.
            }
        }
    }

    private static void EntityState(byte[] input) => Reopen(new OwnerState { At = Now, Packed = Pack(input) });

    private static void Reopen(OwnerState state)
    {
        var now = Instant.From(Now) + TimeSpan.FromSeconds(1);
        var owner = BudgetOwner.Open(Scope, state, Source, now);
        owner.Answer(LeaseAsked("fuzz", 1), now);
        var record = ScopeRecord.Unpack(owner.Save(now).Packed);
        That(record is not null && record.Answers.Any(answer => answer.Instance == "fuzz"), "whoever asks is answered");
        foreach (var line in record!.Answers.Where(answer => answer.Instance == "fuzz").SelectMany(answer => answer.Answer.Budgets).SelectMany(lease => lease.Lease.Lines))
        {
            That(line.Rate is >= 0 and <= 10_000_000 && line.Grant is >= 0 and <= 10_000_000, $"no more is lent than there is: {line}");
        }

        BudgetOwner.Forget(state, Source.Policy, now);
    }

    private static void BudgetRow(byte[] input)
    {
        BudgetState state;
        try
        {
            if (JsonSerializer.Deserialize<BudgetState>(input) is not { Name: not null, Meters: not null } read)
            {
                return;
            }

            state = read;
        }
        catch (Exception broken) when (broken is JsonException or NotSupportedException)
        {
            return;
        }

        var limiter = new EmbeddedLimiter(Source.Spec, TimeProvider.System);
        limiter.Restore([state]);
        That(limiter.Report() is not null, "what was restored can be told");
    }

    private static void StoredRow(byte[] input)
    {
        var text = Text(input);
        OrNoJson(() => Stored.Headers(text));
        OrNoJson(() => Stored.Labels(text));
        OrNoJson(() => Stored.Usage(text));
        _ = Stored.Lane(text);
    }

    private static void TableRow(byte[] input)
    {
        var row = new Row("job", "item");
        foreach (var line in Text(input).Split('\n'))
        {
            var parts = line.Split('=', 2);
            var value = parts.Length == 2 ? parts[1] : "";
            row.Values[parts[0]] = value.StartsWith("t:", StringComparison.Ordinal) && DateTimeOffset.TryParse(value[2..], CultureInfo.InvariantCulture, out var time) ? time
                : value.StartsWith("b:", StringComparison.Ordinal) ? value == "b:true"
                : long.TryParse(value, CultureInfo.InvariantCulture, out var number) ? number
                : value;
        }

        UsageRows.Read(row);
        var leg = new LegRow(row);
        _ = (leg.Leg, leg.WakeAt, leg.Cuts, leg.Ended, leg.RunUntil);
        OrNoJson(() => leg.State);
    }

    private static void OrNoJson(Func<object?> read)
    {
        try
        {
            read();
        }
        catch (JsonException)
        {
            // Rows are ours alone: one that is broken is told, and not guessed at.
        }
    }

    private static T? FromJson<T>(byte[] input, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(input, type);
        }
        catch (JsonException)
        {
            // What JsonBody tells as 400.
            return null;
        }
    }

    private static IEnumerable<CallTranslation> Translations() =>
        from operation in new[] { Operation.ChatCompletions, Operation.Messages }
        from wire in Enum.GetValues<Wire>()
        let translation = CallTranslation.For(operation, wire)
        where translation is not null
        select translation;

    private static AnswerTerms Terms(bool stream) => new("id-1", "gpt-x", Now, stream);

    private static ScopeAsk LeaseAsked(string instance, long sequence) => new(Scope,
    [
        new BudgetAsk(Deployment, new LeaseAsk(
            instance, sequence, 0, [new LeaseDemand("acme", 1, Priority.Standard, new LeaseRates(500, 1000))],
            [.. Source.Spec.Deployments.Single(deployment => $"deployment:{deployment.Id}" == Deployment).Limits.Select(_ => new LeaseReport(0, 0, 0, 1, []))])),
    ]);

    private static IEnumerable<byte[]> EntityStates()
    {
        var now = Instant.From(Now);
        OwnerState? state = null;
        for (var instance = 0; instance < 3; instance++)
        {
            var owner = BudgetOwner.Open(Scope, state, Source, now);
            owner.Answer(LeaseAsked($"instance-{instance}", 1), now);
            state = owner.Save(now);
            using var json = new MemoryStream();
            using (var brotli = new BrotliStream(new MemoryStream(state.Packed), CompressionMode.Decompress))
            {
                brotli.CopyTo(json);
            }

            yield return json.ToArray();
        }
    }

    private static byte[] Pack(byte[] json)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest))
        {
            brotli.Write(json);
        }

        return packed.ToArray();
    }

    private static IEnumerable<byte[]> BudgetStates()
    {
        var limiter = new Limiter(LimiterSpecs.From(Configuration, isDurable: true));
        foreach (var state in limiter.BeginCheckpoint(Instant.From(Now)))
        {
            yield return JsonSerializer.SerializeToUtf8Bytes(state);
        }

        yield return Encoding.UTF8.GetBytes($$"""{"Name":"{{Deployment}}","Meters":[null],"CooldownUntilTicks":0,"Charging":[null]}""");
        yield return JsonSerializer.SerializeToUtf8Bytes(new BudgetState(Deployment, [new MeterState(Dimension.Requests, TimeSpan.FromMinutes(1).Ticks, Now.Ticks, 5)], 0)
        {
            AtTicks = Now.Ticks,
            Boot = "b",
            UptimeTicks = 5,
        });
    }

    private static IEnumerable<byte[]> Coded()
    {
        var plain = Encoding.UTF8.GetBytes(Chats[0]);
        foreach (var make in new Func<Stream, Stream>[] { to => new GZipStream(to, CompressionLevel.Fastest), to => new ZLibStream(to, CompressionLevel.Fastest), to => new BrotliStream(to, CompressionLevel.Fastest) })
        {
            using var coded = new MemoryStream();
            using (var coder = make(coded))
            {
                coder.Write(plain);
            }

            yield return coded.ToArray();
        }

        using var zstd = new ZstdSharp.Compressor();
        yield return zstd.Wrap(plain).ToArray();
    }

    private static List<(byte[] Answer, byte[] Body, bool IsStream)> Fixtures()
    {
        var fixtures = new List<(byte[], byte[], bool)>();
        foreach (var fixture in FixtureElements())
        {
            var (body, kind) = (fixture.GetProperty("body"), fixture.GetProperty("bodyType").GetString());
            var bytes = kind switch
            {
                "none" => [],
                "aws-events" => AwsEventEncoder.Encode(body),
                _ => Encoding.UTF8.GetBytes(body.ValueKind == JsonValueKind.String ? body.GetString()! : body.GetRawText()),
            };
            var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{fixture.GetProperty("status").GetInt32()}\n");
            head.Append("content-type: ").Append(kind switch { "sse" => "text/event-stream", "aws-events" => "application/vnd.amazon.eventstream", "text" => "text/plain", _ => "application/json" }).Append('\n');
            foreach (var header in fixture.GetProperty("headers").EnumerateObject())
            {
                head.Append(header.Name).Append(": ").Append(header.Value.ValueKind == JsonValueKind.String ? header.Value.GetString() : header.Value[0].GetString()).Append('\n');
            }

            fixtures.Add(([.. Encoding.UTF8.GetBytes(head.Append('\n').ToString()), .. bytes], bytes, kind is "sse" or "aws-events"));
        }

        return fixtures;
    }

    private static IEnumerable<byte[]> Frames() => FixtureElements().Where(fixture => fixture.GetProperty("bodyType").GetString() == "aws-events")
        .Select(fixture => AwsEventEncoder.Encode(fixture.GetProperty("body")));

    private static IEnumerable<JsonElement> FixtureElements() => Directory.EnumerateFiles(System.IO.Path.Combine(AppContext.BaseDirectory, "Corpus"), "*-responses.json").Order(StringComparer.Ordinal)
        .SelectMany(file => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement.EnumerateArray());

    private static List<byte[]> Files(params string[] names)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(folder.FullName, "FuncLimiter.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("FuncLimiter.sln is not above the program's folder.");
        }

        return [.. names.Select(name => File.ReadAllBytes(System.IO.Path.Combine(folder.FullName, "docs", "samples", name)))];
    }

    private static (string Head, byte[] Body) Split(byte[] input)
    {
        var end = input.AsSpan().IndexOf("\n\n"u8);
        return end < 0 ? (Text(input), []) : (Text(input[..end]), input[(end + 2)..]);
    }

    private static Dictionary<string, string> HeadersOf(IEnumerable<string> lines)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                headers[line[..colon].Trim()] = line[(colon + 1)..].Trim();
            }
        }

        return headers;
    }

    /// <summary>Pieces of lengths that the input itself tells, so that a failure can be repeated.</summary>
    private static List<byte[]> Cut(byte[] input)
    {
        var pieces = new List<byte[]>();
        var random = new Random(input.Length);
        for (var at = 0; at < input.Length;)
        {
            var length = Math.Min(input.Length - at, 1 << random.Next(10));
            pieces.Add(input[at..(at + length)]);
            at += length;
        }

        return pieces;
    }

    private static void Mend(byte[] frames)
    {
        for (var at = 0; at + 16 <= frames.Length;)
        {
            var length = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(frames.AsSpan(at));
            if (length < 16 || length > frames.Length - at)
            {
                length = frames.Length - at;
                System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(frames.AsSpan(at), length);
            }

            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(frames.AsSpan(at + 8), Crc32(frames.AsSpan(at, 8)));
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(frames.AsSpan(at + length - 4), Crc32(frames.AsSpan(at, length - 4)));
            at += length;
        }
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        return ~crc;
    }

    private static List<byte[]> Bytes(IEnumerable<string> texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private static string Text(byte[] input) => Encoding.UTF8.GetString(input);

    private static void That(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"It does not hold that {what}.");
        }
    }
}
