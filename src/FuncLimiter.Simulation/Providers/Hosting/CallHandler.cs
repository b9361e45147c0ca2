using FuncLimiter.Simulation.Providers.Answers;
using FuncLimiter.Simulation.Providers.Batches;
using FuncLimiter.Simulation.Providers.Faults;
using FuncLimiter.Simulation.Providers.Requests;
using FuncLimiter.Simulation.Providers.Signals;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Simulation.Providers.Hosting;

/// <summary>The life of a call at the double: path, key, body, limits, answer.</summary>
internal sealed class CallHandler(ProviderDoubleOptions options, TimeProvider time)
{
    /// <summary>Answers one call out of a state's counters.</summary>
    public async Task HandleAsync(HttpContext context, DoubleState state)
    {
        var path = context.Request.Path.Value ?? "/";
        var id = state.NextId();
        if (BatchEndpoints.Has(path))
        {
            await BatchEndpoints.HandleAsync(context, state, id);
            return;
        }

        if (Route(context.Request, path) is not { } route)
        {
            state.CountInvalid();
            var dialect = CallRoute.DialectOf(path);
            var error = ProviderErrors.UnknownPath(dialect, context.Request.Method, path);
            await ResponseOutput.SendErrorAsync(context.Response, error, dialect, id);
            return;
        }

        var key = route.KeyOf(context.Request.Headers);
        if (!state.IsKey(route.Dialect, key))
        {
            await ResponseOutput.SendErrorAsync(context.Response, ProviderErrors.Unauthorized(route.Dialect), route.Dialect, id);
        }
        else if (route.Operation is not { } operation)
        {
            await SendModelsAsync(context.Response, state.Models(route.Dialect, key ?? ""));
        }
        else
        {
            await HandleOperationAsync(new Call(context, state, route, operation, key ?? "", id));
        }
    }

    private CallRoute? Route(HttpRequest request, string path) =>
        (options.TakesAnyKey ? CallRoute.ParseBelowPrefix(path) : CallRoute.Parse(path)) is { } route
        && request.Method == (route.Operation is null ? HttpMethods.Get : HttpMethods.Post)
        && (route.Deployment is null || request.Query.ContainsKey("api-version"))
            ? route
            : null;

    private static async Task SendModelsAsync(HttpResponse response, IEnumerable<string> models)
    {
        var scratch = JsonScratch.Take();
        var json = scratch.Json;
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (var model in models)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, model);
            json.WriteString("object"u8, "model"u8);
            json.WriteNumber("created"u8, 1_700_000_000);
            json.WriteString("owned_by"u8, "system"u8);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        await ResponseOutput.SendJsonAsync(response, scratch);
    }

    private static DoubleProblem? HeaderProblem(Call call, out Fault? fault)
    {
        fault = null;
        var headers = call.Context.Request.Headers;
        if (call.Route.Dialect == ProviderDialect.Anthropic && !headers.ContainsKey("anthropic-version"))
        {
            return new DoubleProblem("anthropic-version: header is required", null, null);
        }

        if (headers.TryGetValue("x-double-fault", out var asked))
        {
            fault = FaultNames.ParseHeader(asked.ToString());
            return fault is null ? new DoubleProblem($"x-double-fault: give one of {FaultNames.All}, but not limit", null, null) : null;
        }

        return null;
    }

    private async Task HandleOperationAsync(Call call)
    {
        using var body = await BodyBuffer.ReadAsync(call.Context.Request, options.MaxBodyBytes);
        if (body is not { } buffer)
        {
            await FailAsync(call, ProviderErrors.BodyTooLarge(call.Route.Dialect));
            return;
        }

        var problem = HeaderProblem(call, out var asked);
        var request = problem is null ? DoubleRequestReader.Read(buffer.Bytes, call.Operation, call.Route.Dialect, out problem) : null;
        if (request is null)
        {
            await FailAsync(call, ProviderErrors.BadRequest(call.Route.Dialect, problem!));
            return;
        }

        var model = call.Route.Deployment ?? request.Model;
        if (call.State.Find(call.Route.Dialect, call.Key, model) is not { } deployment)
        {
            await FailAsync(call, ProviderErrors.UnknownModel(call.Route.Dialect, model));
            return;
        }

        ResponseOutput.SetIdentity(call.Context.Response.Headers, deployment.Options, call.Id);
        if (call.Operation == RequestOperation.CountTokens)
        {
            await SendTokenCountAsync(call, deployment, request);
            return;
        }

        await HandleAdmittedAsync(call, deployment, request, asked);
    }

    private async Task HandleAdmittedAsync(Call call, DoubleDeployment deployment, ReceivedRequest request, Fault? asked)
    {
        var context = call.Context;
        var key = context.Request.Headers.TryGetValue("Idempotency-Key", out var value) ? value.ToString() : null;
        var admission = call.State.Admit(deployment, request, asked, key, call.Id, context.Response.Headers);
        if (admission.Refusal is { } refusal)
        {
            DoubleRetryHint.Set(context.Response.Headers, refusal, deployment.Options.Dialect);
            var error = RefusalErrors.Of(deployment.Options, refusal, call.Operation, context.Request.Query["api-version"].ToString());
            await ResponseOutput.SendErrorAsync(context.Response, error, deployment.Options.Dialect, call.Id);
            return;
        }

        if (admission.Plan is null)
        {
            var error = admission.Fault?.Kind == FaultKind.Overloaded
                ? ProviderErrors.Overloaded
                : ProviderErrors.Unavailable(deployment.Options.Dialect);
            await ResponseOutput.SendErrorAsync(context.Response, error, deployment.Options.Dialect, call.Id);
            return;
        }

        await new DoubleAnswer(context, call.State, deployment, admission, time).RunAsync();
    }

    /// <summary>Counting is free and has limits of its own, which are far away.</summary>
    private static async Task SendTokenCountAsync(Call call, DoubleDeployment deployment, ReceivedRequest request)
    {
        var scratch = JsonScratch.Take();
        new CountTokensShape(new AnswerPlan
        {
            Request = request,
            Model = request.Model,
            Id = call.Id,
            CreatedSeconds = 0,
            PromptTokens = TokenCount.Prompt(request, deployment.Options.CharactersPerToken),
        }).Whole(scratch.Json);
        await ResponseOutput.SendJsonAsync(call.Context.Response, scratch);
    }

    private static Task FailAsync(Call call, ProviderError error)
    {
        call.State.CountInvalid();
        return ResponseOutput.SendErrorAsync(call.Context.Response, error, call.Route.Dialect, call.Id);
    }

    private readonly record struct Call(
        HttpContext Context, DoubleState State, CallRoute Route, RequestOperation Operation, string Key, string Id);
}
