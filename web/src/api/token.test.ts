import { expect, it } from "vitest";
import { socketProtocols } from "./token";

it("a socket without a token offers only the protocol", () => expect(socketProtocols(null)).toEqual(["sightline.v1"]));
it("a token travels as base64url without padding", () => expect(socketProtocols("a+b/ü?>")).toEqual(["sightline.v1", "bearer.YStiL8O8Pz4"]));
