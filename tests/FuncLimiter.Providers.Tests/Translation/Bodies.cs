namespace FuncLimiter.Providers.Tests.Translation;

/// <summary>One conversation as each API writes it: instructions, an image, two calls at once, their results, tools, sampling.</summary>
internal static class Bodies
{
    public const string Chat = """
        {"model":"their-model","messages":[
          {"role":"system","content":"Be brief."},
          {"role":"user","content":[{"type":"text","text":"Weather here and in Oslo?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]},
          {"role":"assistant","content":"I look.","tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\",\"exact\":1.50}"}},
            {"id":"call_2","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}]},
          {"role":"tool","tool_call_id":"call_1","content":"21 degrees"},
          {"role":"tool","tool_call_id":"call_2","content":"4 degrees"},
          {"role":"user","content":"And tomorrow?"}],
         "tools":[{"type":"function","function":{"name":"get_weather","description":"The weather.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}],
         "tool_choice":"required","parallel_tool_calls":false,"stop":["END"],"temperature":0.7,"max_tokens":200,"user":"u-1"}
        """;

    public const string Messages = """
        {"model":"their-model","max_tokens":200,"system":"Be brief.","messages":[
          {"role":"user","content":[{"type":"text","text":"Weather here and in Oslo?"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]},
          {"role":"assistant","content":[{"type":"text","text":"I look."},
            {"type":"tool_use","id":"call_1","name":"get_weather","input":{"city":"Paris","exact":1.50}},
            {"type":"tool_use","id":"call_2","name":"get_weather","input":{"city":"Oslo"}}]},
          {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"call_1","content":"21 degrees"},
            {"type":"tool_result","tool_use_id":"call_2","content":"4 degrees"},
            {"type":"text","text":"And tomorrow?"}]}],
         "tools":[{"name":"get_weather","description":"The weather.","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],
         "tool_choice":{"type":"any","disable_parallel_tool_use":true},"stop_sequences":["END"],"temperature":0.7,"metadata":{"user_id":"u-1"}}
        """;

    public const string GenerateContent = """
        {"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[
          {"role":"user","parts":[{"text":"Weather here and in Oslo?"},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]},
          {"role":"model","parts":[{"text":"I look."},
            {"functionCall":{"id":"call_1","name":"get_weather","args":{"city":"Paris","exact":1.50}},"thoughtSignature":"skip_thought_signature_validator"},
            {"functionCall":{"id":"call_2","name":"get_weather","args":{"city":"Oslo"}}}]},
          {"role":"user","parts":[
            {"functionResponse":{"id":"call_1","name":"get_weather","response":{"output":"21 degrees"}}},
            {"functionResponse":{"id":"call_2","name":"get_weather","response":{"output":"4 degrees"}}},
            {"text":"And tomorrow?"}]}],
         "tools":[{"functionDeclarations":[{"name":"get_weather","description":"The weather.","parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]}],
         "toolConfig":{"functionCallingConfig":{"mode":"ANY"}},
         "generationConfig":{"temperature":0.7,"maxOutputTokens":200,"stopSequences":["END"]}}
        """;

    public const string Converse = """
        {"system":[{"text":"Be brief."}],"messages":[
          {"role":"user","content":[{"text":"Weather here and in Oslo?"},{"image":{"format":"png","source":{"bytes":"iVBORw0KGgo="}}}]},
          {"role":"assistant","content":[{"text":"I look."},
            {"toolUse":{"toolUseId":"call_1","name":"get_weather","input":{"city":"Paris","exact":1.50}}},
            {"toolUse":{"toolUseId":"call_2","name":"get_weather","input":{"city":"Oslo"}}}]},
          {"role":"user","content":[
            {"toolResult":{"toolUseId":"call_1","content":[{"text":"21 degrees"}]}},
            {"toolResult":{"toolUseId":"call_2","content":[{"text":"4 degrees"}]}},
            {"text":"And tomorrow?"}]}],
         "toolConfig":{"tools":[{"toolSpec":{"name":"get_weather","description":"The weather.","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}}],"toolChoice":{"any":{}}},
         "inferenceConfig":{"maxTokens":200,"temperature":0.7,"stopSequences":["END"]}}
        """;
}
