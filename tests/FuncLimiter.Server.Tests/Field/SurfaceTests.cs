using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace FuncLimiter.Server.Tests.Field;

/// <summary>Every path that a client of a provider uses, and the small ways in which clients differ.</summary>
public sealed class SurfaceTests(SurfaceSetup setup) : IClassFixture<SurfaceSetup>
{
    private const string Origin = "https://app.example";

    private static readonly byte[] AllValues = [.. Enumerable.Range(0, 4096).Select(place => (byte)place)];

    private FieldServer Server => setup.Server;

    [Theory]
    [InlineData("completions", "/v1/completions", """{"model":"m-completions","prompt":"Say hi.","max_tokens":5}""")]
    [InlineData("images", "/v1/images/generations", """{"model":"m-images","prompt":"a house","size":"1024x1024"}""")]
    public async Task Post_OfAPathThatIsNotUnderstood_GoesOnAsItIs(string name, string path, string body)
    {
        var one = Server[name];

        var reply = await Server.PostAsync(one, path, body);

        AssertPassed(one, reply, 0, "POST", path);
        AssertSame(body, one.A.Requests[0].Text);
        await AssertCountedAsync(one, 1);
    }

    [Fact]
    public async Task Files_OfTheTenantsOnlyAccount_GoUpAndDownByteForByte()
    {
        var one = Server["files"];
        one.A.Answer = (request, context) => request.Target.EndsWith("/content", StringComparison.Ordinal)
            ? BytesAsync(context) : FieldAnswers.Whole()(request, context);
        var form = Form(AllValues);

        var made = await Server.SendAsync(one, "POST", "/v1/files", form, ("Content-Type", "multipart/form-data; boundary=bnd"));
        var file = made.Json["id"]!.GetValue<string>();
        var listed = await Server.SendAsync(one, "GET", "/v1/files?limit=2", null);
        var found = await Server.SendAsync(one, "GET", $"/v1/files/{file}", null);
        var content = await Server.SendAsync(one, "GET", $"/v1/files/{file}/content", null);

        AssertPassed(one, made, 0, "POST", "/v1/files");
        Assert.Equal(form, one.A.Requests[0].Body);
        Assert.Equal("multipart/form-data; boundary=bnd", one.A.Requests[0].Headers["Content-Type"]);
        AssertPassed(one, listed, 1, "GET", "/v1/files?limit=2");
        AssertPassed(one, found, 2, "GET", $"/v1/files/{file}");
        Assert.Equal($"/v1/files/{file}/content", one.A.Requests[3].Target);
        Assert.Equal(AllValues, content.Body);
        await AssertCountedAsync(one, 4);
    }

    [Theory]
    [InlineData("azure-chat", "/openai/v1/chat/completions", "chat/completions")]
    [InlineData("azure-responses", "/openai/responses?api-version=2025-03-01-preview", "responses")]
    public async Task Post_OfAzuresOtherPaths_IsServedAsTheUsualOne(string name, string path, string has)
    {
        var one = Server[name];

        var reply = await Server.PostAsync(
            one, path, has == "responses" ? FieldBodies.Response(one) : FieldBodies.Chat(one), ("api-key", one.Key));

        Assert.True(reply.Status == 200, reply.ToString());
        var request = Assert.Single(one.A.Requests);
        AssertSame(FieldAnswers.WholeOf(request), reply.Text);
        Assert.StartsWith("/openai/", request.Target, StringComparison.Ordinal);
        Assert.Contains(has, request.Target, StringComparison.Ordinal);
        AssertSame(has == "responses" ? FieldBodies.Response(one) : FieldBodies.Chat(one), request.Text);
        Assert.Equal(one.A.Key, request.Headers["api-key"]);
        await AssertCountedAsync(one, 1);
    }

    [Fact]
    public async Task MessageBatches_ArePassedToTheOnlyAnthropicAccount()
    {
        var one = Server["message-batches"];
        (string, string)[] headers = [("x-api-key", one.Key), ("anthropic-version", "2023-06-01")];
        var body = $$"""{"requests":[{"custom_id":"r1","params":{{FieldBodies.Message(one)}}}]}""";

        var made = await Server.PostAsync(one, "/v1/messages/batches", body, headers);
        var batch = made.Json["id"]!.GetValue<string>();
        var found = await Server.SendAsync(one, "GET", $"/v1/messages/batches/{batch}", null, headers);
        var listed = await Server.SendAsync(one, "GET", "/v1/messages/batches?limit=3", null, headers);

        AssertPassed(one, made, 0, "POST", "/v1/messages/batches");
        AssertSame(body, one.A.Requests[0].Text);
        AssertPassed(one, found, 1, "GET", $"/v1/messages/batches/{batch}");
        AssertPassed(one, listed, 2, "GET", "/v1/messages/batches?limit=3");
        Assert.All(one.A.Requests, request => Assert.Equal("2023-06-01", request.Headers["anthropic-version"]));
        await AssertCountedAsync(one, 3);
    }

    [Theory]
    [InlineData("header", "")]
    [InlineData("query", "?key=fl-gemini")]
    public async Task GenerateContent_InGeminisOwnApi_GoesOnAsItIs(string place, string query)
    {
        var one = Server["gemini"];
        const string answer = """{"candidates":[{"content":{"role":"model","parts":[{"text":"from A"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":3,"totalTokenCount":12}}""";
        const string body = """{"contents":[{"role":"user","parts":[{"text":"Say hi."}]}],"generationConfig":{"maxOutputTokens":20}}""";
        one.A.Answer = FieldAnswers.Json(200, answer);
        var before = one.A.Requests.Count;

        var reply = await Server.PostAsync(one, $"/v1beta/models/{one.Model}:generateContent{query}", body, ("x-goog-api-key", place == "header" ? one.Key : ""));

        Assert.True(reply.Status == 200, reply.ToString());
        Assert.Equal(answer, reply.Text);
        var request = one.A.Requests[before];
        Assert.Equal(("POST", $"/v1beta/models/{one.Model}:generateContent"), (request.Method, request.Target));
        AssertSame(body, request.Text);
        await AssertCountedAsync(one, before + 1);
    }

    [Fact]
    public async Task StoredResponse_IsAskedOfTheAccountThatMadeIt()
    {
        var one = Server["kept"];
        var ids = await MakeBothAsync(one);

        foreach (var letter in "ABBAAB")
        {
            foreach (var method in new[] { "GET", "DELETE" })
            {
                var (others, own) = Count(one, letter);

                var reply = await Server.SendAsync(one, method, $"/v1/responses/{ids[letter]}", null);

                Assert.True(reply.Status == 200 && reply.Json["mark"]!.GetValue<string>() == letter.ToString(), reply.ToString());
                Assert.Equal((others, own + 1), Count(one, letter));
            }
        }
    }

    [Fact]
    public async Task NextTurn_GoesToTheAccountThatMadeTheOneBefore()
    {
        var one = Server["turns"];
        var ids = await MakeBothAsync(one);

        foreach (var letter in "ABBAAB")
        {
            var (others, own) = Count(one, letter);

            var reply = await Server.PostAsync(
                one, "/v1/responses", FieldBodies.With(FieldBodies.Response(one), $"\"previous_response_id\":\"{ids[letter]}\""));

            Assert.True(reply.Status == 200 && reply.Text.Contains($"from {letter}", StringComparison.Ordinal), reply.ToString());
            Assert.Equal((others, own + 1), Count(one, letter));
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Model_WhoseNameHasASlash_IsFoundEncoded(string method)
    {
        var reply = await Server.SendAsync(Server["slash"], method, "/v1/models/maker%2Fsmall-7b", null);

        Assert.True(reply.Status == 200, reply.ToString());
        Assert.True(method == "HEAD" ? reply.Body.Length == 0 : reply.Json["id"]!.GetValue<string>() == "maker/small-7b", reply.ToString());
    }

    [Theory]
    [InlineData("//v1/chat/completions")]
    [InlineData("/v1//chat/completions")]
    [InlineData("/chat/completions")]
    public async Task Post_UnderABaseThatIsALittleOff_IsServed(string path)
    {
        var one = Server["doubled"];
        var before = one.A.Requests.Count;

        var reply = await Server.PostAsync(one, path, FieldBodies.Chat(one));

        Assert.True(reply.Status == 200 && reply.Text.Contains("from A", StringComparison.Ordinal), reply.ToString());
        Assert.Equal("/v1/chat/completions", one.A.Requests[before].Target);
        Assert.Equal(before + 1, one.A.Requests.Count);
    }

    [Fact]
    public async Task Page_OfAnAllowedOrigin_MayCall()
    {
        var one = Server["page"];
        (string, string)[] asks =
        [
            ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type,x-stainless-os"),
        ];

        var allowed = await FieldCaller.SendAsync(Server.Address, "OPTIONS", FieldBodies.ChatPath, null, [("Origin", Origin), .. asks]);
        var called = await Server.ChatAsync(one, ("Origin", Origin));
        var strange = await FieldCaller.SendAsync(Server.Address, "OPTIONS", FieldBodies.ChatPath, null, [("Origin", "https://evil.example"), .. asks]);
        var operators = await FieldCaller.SendAsync(Server.Address, "GET", "/status", null, ("Origin", Origin));

        Assert.InRange(allowed.Status, 200, 299);
        Assert.Equal(Origin, allowed.Header("Access-Control-Allow-Origin"));
        Assert.Contains("POST", allowed.Header("Access-Control-Allow-Methods"), StringComparison.Ordinal);
        var headers = allowed.Header("Access-Control-Allow-Headers")!.Split(',', StringSplitOptions.TrimEntries);
        Assert.All(["authorization", "content-type", "x-stainless-os"], name => Assert.Contains(name, headers));
        Assert.Equal((200, Origin), (called.Status, called.Header("Access-Control-Allow-Origin")));
        Assert.Null(strange.Header("Access-Control-Allow-Origin"));
        Assert.Null(operators.Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Form_ThatNamesItsModel_IsPassedToThatModelsDeployment()
    {
        var one = Server["audio"];
        var form = Form(AllValues, ("model", one.Model), ("language", "en"));

        var reply = await Server.SendAsync(one, "POST", "/v1/audio/transcriptions", form, ("Content-Type", "multipart/form-data; boundary=bnd"));

        AssertPassed(one, reply, 0, "POST", "/v1/audio/transcriptions");
        Assert.Equal(form, one.A.Requests[0].Body);
        Assert.Equal(one.Deployment, reply.Header("X-FuncLimiter-Deployment"));
    }

    [Fact]
    public async Task File_LargerThanIsHeld_PassesThrough()
    {
        var one = Server["upload"];
        var form = Form(RandomNumberGenerator.GetBytes(5 * 1024 * 1024));

        var reply = await Server.SendAsync(one, "POST", "/v1/files", form, ("Content-Type", "multipart/form-data; boundary=bnd"));

        AssertPassed(one, reply, 0, "POST", "/v1/files");
        Assert.Equal(form, one.A.Requests[0].Body);
    }

    [Fact]
    public async Task Post_WithoutAModelWhereSeveralAccountsCouldTakeIt_SaysWhatToConfigure()
    {
        var one = Server["two"];

        var reply = await Server.PostAsync(one, "/v1/moderations", """{"input":"Say hi."}""");

        Assert.Equal(400, reply.Status);
        Assert.Contains("\\\"paths\\\"", reply.Text, StringComparison.Ordinal);
        Assert.Empty(one.A.Requests);
        Assert.Empty(one.B.Requests);
    }

    [Fact]
    public async Task Get_OfAnUnknownIdThatSeveralAccountsCouldHaveMade_IsNotGuessed()
    {
        var one = Server["two"];

        var reply = await Server.SendAsync(one, "GET", "/v1/responses/resp_of_nobody", null);

        Assert.Equal(404, reply.Status);
        Assert.Contains("resp_of_nobody", reply.Text, StringComparison.Ordinal);
        Assert.Empty(one.A.Requests);
    }

    [Theory]
    [InlineData("GET", "/v1/organization/projects")]
    [InlineData("GET", "/v1/organizations/me")]
    [InlineData("POST", "/v1/projects")]
    [InlineData("GET", "/v1/api_keys")]
    [InlineData("GET", "/dashboard/billing/usage")]
    [InlineData("GET", "/v1/dashboard/billing/usage")]
    [InlineData("GET", "/openai/v1/organization/admin_api_keys")]
    [InlineData("GET", "/v1/files/..%2Forganization%2Fprojects")]
    [InlineData("GET", "/v1/files/%2e%2e%2Forganization")]
    [InlineData("GET", "/v1/%6frganization/projects")]
    [InlineData("DELETE", "/v1/models/ft:m-refused")]
    public async Task Request_ThatAdministersAnAccount_IsNeverPassed(string method, string path)
    {
        var one = Server["refused"];

        var reply = await Server.SendAsync(one, method, path, method == "POST" ? "{}"u8.ToArray() : null);

        Assert.InRange(reply.Status, 400, 499);
        Assert.Empty(one.A.Requests);
    }

    [Theory]
    [InlineData("Authorization", "fl-keys")]
    [InlineData("Authorization", "bearer fl-keys")]
    [InlineData("Authorization", "Bearer somebody-elses", "x-api-key", "fl-keys")]
    [InlineData("x-goog-api-key", "fl-keys")]
    public async Task Key_WhereverAClientPutsIt_IsFoundAndGoesNoFurther(params string[] parts)
    {
        var one = Server["keys"];
        var before = one.A.Requests.Count;

        var reply = await Server.PostAsync(one, FieldBodies.MessagePath, FieldBodies.Message(one), [.. parts.Chunk(2).Select(pair => (pair[0], pair[1]))]);

        Assert.True(reply.Status == 200, reply.ToString());
        Assert.DoesNotContain(one.A.Requests[before].Headers.Values, value => value.Contains("fl-keys", StringComparison.Ordinal) || value.Contains("somebody", StringComparison.Ordinal));
    }

    /// <summary>Makes responses until both accounts have made one; the last of each.</summary>
    private async Task<Dictionary<char, string>> MakeBothAsync(FieldCase one)
    {
        foreach (var account in one.Accounts)
        {
            account.Answer = KeeperOf(account);
        }

        var ids = new Dictionary<char, string>();
        for (var call = 0; call < 10 && ids.Count < 2; call++)
        {
            var reply = await Server.PostAsync(
                one, "/v1/responses", FieldBodies.With(FieldBodies.Response(one), "\"store\":true,\"background\":true"));
            Assert.True(reply.Status == 200, reply.ToString());
            var id = reply.Json["id"]!.GetValue<string>();
            ids[id["resp_".Length]] = id;
        }

        Assert.Equal(2, ids.Count);
        return ids;
    }

    private static FieldAnswer KeeperOf(FieldAccount account) => (request, context) =>
    {
        var prefix = $"resp_{account.Letter}_";
        var id = request.Method == "POST"
            ? JsonNode.Parse(request.Text)!["previous_response_id"]?.GetValue<string>()
            : request.Target[(request.Target.LastIndexOf('/') + 1)..];
        return id is not null && !id.StartsWith(prefix, StringComparison.Ordinal)
            ? FieldAnswers.Json(404, $$$"""{"error":{"message":"no response {{{id}}} here","type":"invalid_request_error","param":null,"code":"not_found"}}""")(request, context)
            : request.Method == "POST" ? FieldAnswers.Whole()(request, context)
            : FieldAnswers.Json(200, $$"""{"id":"{{id}}","object":"response","status":"completed","deleted":{{(request.Method == "DELETE" ? "true" : "false")}},"mark":"{{account.Letter}}"}""")(request, context);
    };

    private static (int Others, int Own) Count(FieldCase one, char letter) =>
        letter == 'A' ? (one.B.Requests.Count, one.A.Requests.Count) : (one.A.Requests.Count, one.B.Requests.Count);

    private static void AssertPassed(FieldCase one, FieldReply reply, int place, string method, string target)
    {
        Assert.True(reply.Status == 200, reply.ToString());
        Assert.True(one.A.Requests.Count > place, $"{one.A.Requests.Count} requests arrived");
        var request = one.A.Requests[place];
        Assert.Equal((method, target), (request.Method, request.Target));
        AssertSame(FieldAnswers.WholeOf(request), reply.Text);
        Assert.DoesNotContain(request.Headers.Values, value => value.Contains(one.Key, StringComparison.Ordinal));
    }

    private async Task AssertCountedAsync(FieldCase one, int requests)
    {
        var usage = await Server.UsageAsync(one, row => row["attempts"]!.GetValue<int>() == requests);
        Assert.Equal(requests, usage?["attempts"]?.GetValue<int>());
    }

    private static void AssertSame(string expected, string actual) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(actual)), $"{actual}\ninstead of\n{expected}");

    private static byte[] Form(byte[] file, params (string Name, string Value)[] fields)
    {
        var form = new MemoryStream();
        void Write(string text) => form.Write(Encoding.ASCII.GetBytes(text));
        Write("--bnd\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n");
        Write("--bnd\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\nContent-Type: application/octet-stream\r\n\r\n");
        form.Write(file);
        foreach (var (name, value) in fields)
        {
            Write(string.Create(CultureInfo.InvariantCulture, $"\r\n--bnd\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}"));
        }

        Write("\r\n--bnd--\r\n");
        return form.ToArray();
    }

    private static async Task BytesAsync(HttpContext context)
    {
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = AllValues.Length;
        await context.Response.Body.WriteAsync(AllValues, context.RequestAborted);
    }
}
